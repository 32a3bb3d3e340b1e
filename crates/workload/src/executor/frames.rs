//! Operations on the frame behind a page. One that is refused is an outcome, and counted as such.

use rmap::{Frame, PageIndex, Scheme, Store};
use vm::{Machine, Operated};

use super::{EventError, Executor};
use crate::event::FrameOperation;
use crate::{Op, Outcome, Process};

impl<S: Scheme, M: Machine> Executor<'_, '_, '_, S, M> {
    pub(super) fn on_frame(
        &mut self,
        operation: FrameOperation,
        process: Process,
        page: PageIndex,
    ) -> Result<(), EventError> {
        let space = self.space(process)?;
        let frame = self.vm.frame_at(space, page).ok_or(EventError::NotMapped(process, page))?;
        let policy = self.policy;
        let operated = match operation {
            FrameOperation::Find => {
                let found = self.timed(Op::Find, |vm| vm.find(frame, policy));
                self.recorder.add_work(Op::Find, found.probes);
                return Ok(());
            }
            FrameOperation::Unmap => {
                (Op::UnmapFrame, self.timed(Op::UnmapFrame, |vm| vm.unmap_frame(frame, policy)))
            }
            FrameOperation::Migrate => (
                Op::MigrateFrame,
                self.timed(Op::MigrateFrame, |vm| vm.migrate_frame(frame, policy)),
            ),
            FrameOperation::Age => {
                (Op::AgeFrame, self.timed(Op::AgeFrame, |vm| vm.age_frame(frame, policy)))
            }
            FrameOperation::WriteProtect => (
                Op::WriteProtect,
                self.timed(Op::WriteProtect, |vm| vm.write_protect_frame(frame, policy)),
            ),
            FrameOperation::Poison => (Op::PoisonFrame, self.poison(frame)),
            FrameOperation::Split => {
                (Op::SplitHuge, self.timed(Op::SplitHuge, |vm| vm.split_huge(frame)))
            }
            FrameOperation::BeginMigration => return self.begin_migration(frame, process, page),
            FrameOperation::FinishMigration => return self.finish_migration(frame, process, page),
            // A frame that cannot be held, or is not, is left alone.
            FrameOperation::Pin => return self.vm.pin(frame).or(Ok(())),
            FrameOperation::Unpin => return self.vm.unpin(frame).or(Ok(())),
        };
        let (op, Operated { probes, .. }) = operated;
        self.recorder.add_work(op, probes);
        Ok(())
    }

    fn poison(&mut self, frame: Frame) -> Operated {
        let policy = self.policy;
        let operated = self.timed(Op::PoisonFrame, |vm| vm.poison_frame(frame, policy));
        self.recorder.count(Outcome::PoisonTold, operated.mappings.into());
        self.recorder.count(Outcome::PoisonLost, self.vm.mapcount(frame).into());
        operated
    }

    /// The halves of a migration are not timed: what lies between them belongs to others.
    fn begin_migration(
        &mut self,
        frame: Frame,
        process: Process,
        page: PageIndex,
    ) -> Result<(), EventError> {
        let room = self.migrations.iter_mut().find(|slot| slot.is_none());
        let room = room.ok_or(EventError::BadMigration(process, page))?;
        if let Ok((migration, _)) = self.vm.begin_migration(frame, self.policy) {
            *room = Some((frame, migration));
        }
        Ok(())
    }

    fn finish_migration(
        &mut self,
        frame: Frame,
        process: Process,
        page: PageIndex,
    ) -> Result<(), EventError> {
        let open = self
            .migrations
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|(migrating, _)| *migrating == frame));
        let (_, migration) =
            open.and_then(Option::take).ok_or(EventError::BadMigration(process, page))?;
        self.vm.finish_migration(migration);
        Ok(())
    }
}
