//! Events as calls of the VM.

use rmap::{PageIndex, Scheme, SpaceId};
use vm::{Access, Backing, Machine, MapError, MapRequest, PageRange, Placement, VirtualAddress};

use super::{Applied, What, World};
use crate::verify::{Answer, Impossible};
use crate::{Event, Object, Place, Process, Source};

type Asked = Result<Answer, Impossible>;

impl<S: Scheme, M: Machine> World<'_, '_, S, M> {
    pub(super) fn apply_to_both(&mut self, event: &Event) -> Result<Applied, What> {
        if let Event::OnFrame { operation, process, page } = *event {
            return self.on_frame(operation, process, page);
        }
        if let Event::CompactBlock { order } = *event {
            return self.compact_block(order);
        }
        if let Err(reason) = self.shadow.foresee(event) {
            return Ok(Applied::Impossible(reason));
        }
        let answer = match self.ask(event) {
            Ok(answer) => answer,
            Err(reason) => return Ok(Applied::Impossible(reason)),
        };
        self.shadow.settle(event, self.tag(), answer)?;
        Ok(match answer {
            Answer::Done | Answer::Map(Ok(_)) | Answer::Access(Ok(_)) => Applied::Done,
            Answer::OutOfMemory | Answer::Map(Err(_)) | Answer::Access(Err(_)) => Applied::Refused,
        })
    }

    fn ask(&mut self, event: &Event) -> Asked {
        match *event {
            Event::Spawn { process } => Ok(self.spawn(process)),
            Event::Fork { parent, child } => self.fork(parent, child),
            Event::Exec { process } => self.exec(process),
            Event::Exit { process } => self.exit(process),
            Event::Touch { process, page, access } => self.touch(process, page, access),
            Event::Phase(_) => Ok(Answer::Done),
            Event::Survey => {
                self.vm.survey();
                Ok(Answer::Done)
            }
            Event::Reclaim { frames } => {
                self.vm.reclaim(frames);
                Ok(Answer::Done)
            }
            Event::CreateObject { .. }
            | Event::TruncateObject { .. }
            | Event::RemoveObject { .. } => self.ask_about_object(event),
            Event::Mmap { .. }
            | Event::Munmap { .. }
            | Event::Mprotect { .. }
            | Event::Mremap { .. }
            | Event::Brk { .. }
            | Event::Mlock { .. } => self.ask_to_map(event).map(Answer::Map),
            Event::OnFrame { .. } | Event::CompactBlock { .. } | Event::Calibrate { .. } => {
                Err(Impossible::Unrelated)
            }
        }
    }

    fn spawn(&mut self, process: Process) -> Answer {
        let created = self.vm.create_space();
        self.settle_space(process, created.ok())
    }

    fn fork(&mut self, parent: Process, child: Process) -> Asked {
        let space = self.activated(parent)?;
        let forked = self.vm.fork(space);
        Ok(self.settle_space(child, forked.ok().map(|forked| forked.child)))
    }

    fn exec(&mut self, process: Process) -> Asked {
        let space = self.activated(process)?;
        let fresh = self.vm.exec(space);
        Ok(self.settle_space(process, fresh.ok()))
    }

    fn exit(&mut self, process: Process) -> Asked {
        let space = self.activated(process)?;
        self.vm.exit(space);
        self.spaces[usize::from(process.0)] = None;
        Ok(Answer::Done)
    }

    /// Notes the space of a process that has a new one, unless memory ran out.
    fn settle_space(&mut self, process: Process, space: Option<SpaceId>) -> Answer {
        if space.is_none() {
            return Answer::OutOfMemory;
        }
        self.spaces[usize::from(process.0)] = space;
        Answer::Done
    }

    fn touch(&mut self, process: Process, page: PageIndex, access: Access) -> Asked {
        self.activated(process)?;
        let address = VirtualAddress::of_page(page);
        let touched = self.vm.touch(address, access, self.tag().word());
        Ok(Answer::Access(touched.map(|touched| touched.value)))
    }

    fn ask_to_map(
        &mut self,
        event: &Event,
    ) -> Result<Result<Option<PageIndex>, MapError>, Impossible> {
        Ok(match *event {
            Event::Mmap { process, .. } => {
                let (space, request) = (self.activated(process)?, self.request(event)?);
                self.vm.mmap(space, &request).map(Some)
            }
            Event::Munmap { process, range } => {
                let space = self.activated(process)?;
                self.vm.munmap(space, range).map(|_| None)
            }
            Event::Mprotect { process, range, protection } => {
                let space = self.activated(process)?;
                self.vm.mprotect(space, range, protection).map(|()| None)
            }
            Event::Mremap { process, range, pages, to } => {
                let space = self.activated(process)?;
                self.vm.mremap(space, range, pages, to).map(Some)
            }
            Event::Brk { process, pages } => {
                let space = self.activated(process)?;
                self.vm.brk(space, pages).map(|()| None)
            }
            Event::Mlock { process, range, locking } => {
                let space = self.activated(process)?;
                self.vm.mlock(space, range, locking).map(|()| None)
            }
            _ => return Err(Impossible::Unrelated),
        })
    }

    fn request(&self, event: &Event) -> Result<MapRequest, Impossible> {
        let &Event::Mmap { range, place, source, protection, page_size, growth, .. } = event else {
            return Err(Impossible::Unrelated);
        };
        let PageRange { start, pages } = range;
        let placement = match place {
            Place::Fixed => Placement::Fixed(start),
            Place::Vacant => Placement::Vacant(start),
            Place::Anywhere => Placement::Anywhere,
        };
        let backing = match source {
            Source::Private => Backing::Private,
            Source::Shared => Backing::Shared,
            Source::PrivateObject { object, offset } => {
                Backing::PrivateObject { object: self.object(object)?, offset }
            }
            Source::SharedObject { object, offset } => {
                Backing::SharedObject { object: self.object(object)?, offset }
            }
        };
        Ok(MapRequest { placement, pages, backing, protection, page_size, growth })
    }

    fn ask_about_object(&mut self, event: &Event) -> Asked {
        match *event {
            Event::CreateObject { object, kind, pages } => {
                let Ok(created) = self.vm.create_object(kind, pages) else {
                    return Ok(Answer::OutOfMemory);
                };
                self.objects[usize::from(object.0)] = Some(created);
            }
            Event::TruncateObject { object, pages } => {
                self.vm.truncate_object(self.object(object)?, pages);
            }
            Event::RemoveObject { object } => {
                self.vm.remove_object(self.object(object)?);
                self.objects[usize::from(object.0)] = None;
            }
            _ => return Err(Impossible::Unrelated),
        }
        Ok(Answer::Done)
    }

    fn object(&self, object: Object) -> Result<vm::ObjectId, Impossible> {
        let slot = self.objects.get(usize::from(object.0));
        slot.copied().flatten().ok_or(Impossible::NoSuchObject(object))
    }

    pub(super) fn space(&self, process: Process) -> Result<SpaceId, Impossible> {
        let slot = self.spaces.get(usize::from(process.0));
        slot.copied().flatten().ok_or(Impossible::NoSuchProcess(process))
    }

    /// The space of `process`, loaded: processes act on themselves, so that forgotten flushes show.
    fn activated(&self, process: Process) -> Result<SpaceId, Impossible> {
        let space = self.space(process)?;
        if self.vm.active() != Some(space) {
            self.vm.activate(space);
        }
        Ok(space)
    }
}
