//! Operations on the frame behind a page, judged by who maps it before and after.

use rmap::{Coverage, Frame, PageIndex, Scheme};
use vm::{Machine, Operated, PageSize, Refused, WhenIncomplete};

use super::{Applied, What, World};
use crate::verify::{Impossible, Lock, Told, Users};
use crate::{FrameOperation, Process};

/// The subject of an operation.
#[derive(Clone, Copy)]
struct Subject {
    operation: FrameOperation,
    process: Process,
    page: PageIndex,
    frame: Frame,
    users: Users,
    pinned: bool,
}

impl<S: Scheme, M: Machine> World<'_, '_, S, M> {
    pub(super) fn on_frame(
        &mut self,
        operation: FrameOperation,
        process: Process,
        page: PageIndex,
    ) -> Result<Applied, What> {
        let space = match self.space(process) {
            Ok(space) => space,
            Err(reason) => return Ok(Applied::Impossible(reason)),
        };
        let Some(frame) = self.vm.frame_at(space, page) else {
            let lost = self.shadow.is_migrating(process, page);
            let nothing = Applied::Impossible(Impossible::NoFrame);
            return if lost { Err(What::MigrationEntryLost) } else { Ok(nothing) };
        };
        if !self.shadow.may_have_frame(process, page) {
            return Err(What::FrameBehindNothing);
        }
        let users = self.mark_users(process, page, frame);
        let pinned = self.pins.hold(frame);
        let subject = Subject { operation, process, page, frame, users, pinned };
        let applied = self.operate(&subject);
        self.shadow.unmark_users();
        applied
    }

    fn mark_users(&mut self, process: Process, page: PageIndex, frame: Frame) -> Users {
        let Self { vm, shadow, spaces, .. } = self;
        shadow.mark_users(process, page, |process, page| {
            let space = spaces[usize::from(process.0)];
            space.and_then(|space| vm.frame_at(space, page)) == Some(frame)
        })
    }

    fn operate(&mut self, subject: &Subject) -> Result<Applied, What> {
        let (frame, policy) = (subject.frame, self.settings.when_incomplete);
        match subject.operation {
            FrameOperation::Find => self.find(subject),
            FrameOperation::Unmap => self.conclude(subject, self.vm.unmap_frame(frame, policy)),
            FrameOperation::Migrate => self.conclude(subject, self.vm.migrate_frame(frame, policy)),
            FrameOperation::Age => self.conclude(subject, self.vm.age_frame(frame, policy)),
            FrameOperation::WriteProtect => {
                self.conclude(subject, self.vm.write_protect_frame(frame, policy))
            }
            FrameOperation::Poison => self.conclude(subject, self.vm.poison_frame(frame, policy)),
            FrameOperation::Split => self.conclude(subject, self.vm.split_huge(frame)),
            FrameOperation::BeginMigration => self.begin_migration(subject),
            FrameOperation::FinishMigration => Ok(self.finish_migration_of(frame)),
            FrameOperation::Pin => self.pin(subject),
            FrameOperation::Unpin => self.unpin(subject),
        }
    }

    fn find(&self, subject: &Subject) -> Result<Applied, What> {
        let found = self.vm.find(subject.frame, self.settings.when_incomplete);
        let (named, present) = (found.mappings, subject.users.ptes);
        let exact = found.coverage == Coverage::Exact;
        if named > present || (exact && named < present) {
            return Err(What::Mappings { operation: subject.operation, named, present });
        }
        Ok(Applied::Done)
    }

    fn conclude(&mut self, subject: &Subject, operated: Operated) -> Result<Applied, What> {
        let Subject { operation, users, .. } = *subject;
        match operated.outcome {
            Ok(()) => self.judge_done(subject, operated.mappings)?,
            Err(reason) => self.judge_refused(subject, reason)?,
        }
        if operated.mappings > users.ptes && !subject.is_huge() {
            let (named, present) = (operated.mappings, users.ptes);
            return Err(What::Mappings { operation, named, present });
        }
        if operation == FrameOperation::Poison {
            self.tell_of_poison(subject, &operated);
        }
        Ok(if operated.outcome.is_ok() { Applied::Done } else { Applied::Refused })
    }

    fn judge_done(&self, subject: &Subject, named: u32) -> Result<(), What> {
        let Subject { operation, users, .. } = *subject;
        if let Some(instead_of) = subject.must_be_refused() {
            return Err(What::Operated { operation, instead_of });
        }
        // Of a 2 MiB page the VM may have dealt with one small page only, after splitting it.
        if subject.concerns_every_user() && !subject.is_huge() && named != users.ptes {
            return Err(What::Mappings { operation, named, present: users.ptes });
        }
        if self.shows(subject) { Ok(()) } else { Err(What::Aftermath(operation)) }
    }

    /// Whether every user's page table shows what was done.
    fn shows(&self, subject: &Subject) -> bool {
        let mut moved = None;
        self.shadow.all_users(|process, page| {
            let space = self.spaces[usize::from(process.0)];
            let frame = space.and_then(|space| self.vm.frame_at(space, page));
            match subject.operation {
                _ if subject.is_huge() => true,
                FrameOperation::Unmap | FrameOperation::Poison => frame.is_none(),
                FrameOperation::Migrate => {
                    frame != Some(subject.frame) && frame == *moved.get_or_insert(frame)
                }
                _ => frame == Some(subject.frame),
            }
        })
    }

    fn judge_refused(&self, subject: &Subject, reason: Refused) -> Result<(), What> {
        let justified = match reason {
            // Locks, memory and swap are what a process cannot see.
            Refused::Busy | Refused::OutOfMemory | Refused::NoSwap => true,
            Refused::Incomplete => self.settings.when_incomplete == WhenIncomplete::Refuse,
            Refused::Pinned => subject.pinned,
            Refused::Locked => subject.users.lock != Lock::No,
            Refused::Migrating => {
                subject.users.migrating || self.migration_of(subject.frame).is_some()
            }
            Refused::NotAPage => subject.operation == FrameOperation::Split && !subject.is_huge(),
            Refused::NoBlock => false,
        };
        let operation = subject.operation;
        if justified { Ok(()) } else { Err(What::OperationRefused { operation, reason }) }
    }

    fn tell_of_poison(&mut self, subject: &Subject, operated: &Operated) {
        let told = match operated {
            Operated { outcome: Ok(()), .. } => Told::All,
            Operated { mappings: 0, .. } => return,
            _ => Told::Some,
        };
        let Self { vm, shadow, spaces, .. } = self;
        shadow.poison(subject.process, subject.page, told, |process, page| {
            let space = spaces[usize::from(process.0)];
            space.and_then(|space| vm.frame_at(space, page)).is_some()
        });
    }

    fn begin_migration(&mut self, subject: &Subject) -> Result<Applied, What> {
        let Some(number) = self.migrations.iter().position(Option::is_none) else {
            return Ok(Applied::Impossible(Impossible::NoRoom));
        };
        match self.vm.begin_migration(subject.frame, self.settings.when_incomplete) {
            Ok((migration, begun)) => {
                self.migrations[number] = Some((subject.frame, migration));
                self.judge_done(subject, begun.mappings)?;
                self.note_migration(number, subject);
                Ok(Applied::Done)
            }
            Err(operated) => {
                let reason = operated.outcome.err().unwrap_or(Refused::NotAPage);
                self.judge_refused(subject, reason)?;
                Ok(Applied::Refused)
            }
        }
    }

    fn note_migration(&mut self, number: usize, subject: &Subject) {
        let Self { vm, shadow, spaces, .. } = self;
        let Subject { process, page, frame, .. } = *subject;
        shadow.begin_migration(number, process, page, |process, page| {
            let space = spaces[usize::from(process.0)];
            space.and_then(|space| vm.frame_at(space, page)) == Some(frame)
        });
    }

    fn migration_of(&self, frame: Frame) -> Option<usize> {
        self.migrations.iter().position(|open| open.as_ref().is_some_and(|(it, _)| *it == frame))
    }

    fn finish_migration_of(&mut self, frame: Frame) -> Applied {
        let Some(number) = self.migration_of(frame) else {
            return Applied::Impossible(Impossible::NotMigrating);
        };
        self.finish_migration(number);
        Applied::Done
    }

    /// Finishes migration `number`, if it is open.
    pub(super) fn finish_migration(&mut self, number: usize) {
        if let Some((_, migration)) = self.migrations[number].take() {
            self.vm.finish_migration(migration);
            self.shadow.finish_migration(number);
        }
    }

    fn pin(&mut self, subject: &Subject) -> Result<Applied, What> {
        if !self.pins.have_room() {
            return Ok(Applied::Impossible(Impossible::NoRoom));
        }
        match self.vm.pin(subject.frame) {
            Ok(()) => {
                self.pins.add(subject.frame);
                Ok(Applied::Done)
            }
            Err(reason) => {
                self.judge_refused(subject, reason)?;
                Ok(Applied::Refused)
            }
        }
    }

    /// Whoever holds no frame lets none go: the VM is asked only for pins that there are.
    fn unpin(&mut self, subject: &Subject) -> Result<Applied, What> {
        if !subject.pinned {
            return Ok(Applied::Impossible(Impossible::NotPinned));
        }
        self.vm.unpin(subject.frame).map_err(What::Unpin)?;
        self.pins.remove(subject.frame);
        Ok(Applied::Done)
    }
}

impl Subject {
    const fn is_huge(&self) -> bool {
        matches!(self.users.page_size, PageSize::Huge)
    }

    /// Why the operation must not take place, if it must not.
    fn must_be_refused(&self) -> Option<Refused> {
        use FrameOperation::{BeginMigration, Migrate, Poison, Split, Unmap};
        let moves = matches!(self.operation, Unmap | Migrate | BeginMigration);
        let changes = moves || matches!(self.operation, Poison | Split);
        if self.users.migrating && changes {
            return Some(Refused::Migrating);
        }
        if self.pinned && moves {
            return Some(Refused::Pinned);
        }
        if self.users.lock == Lock::Yes && self.operation == Unmap {
            return Some(Refused::Locked);
        }
        let whole = self.operation == Split && !self.is_huge();
        whole.then_some(Refused::NotAPage)
    }

    /// Whether success means that it was done to every mapping, and each was counted.
    const fn concerns_every_user(&self) -> bool {
        use FrameOperation::{BeginMigration, Migrate, Poison, Unmap};
        matches!(self.operation, Unmap | Migrate | BeginMigration | Poison)
    }
}
