//! A VM beside its shadow: every event is applied to both, and every answer compared.

mod apply;
mod compact;
mod frames;
mod mismatch;
mod pins;

use rmap::{Frame, Scheme, SpaceId};
use vm::{Access, Machine, Migration, ObjectId, Vm, WhenIncomplete};

use super::windows::{WINDOW_PAGES, page_of};
use super::{Impossible, MOST_MIGRATIONS, MOST_OBJECTS, MOST_PROCESSES, Shadow, Tag};
use crate::{Event, Process};

use pins::Pins;

pub use mismatch::{Mismatch, What};

/// How a world is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What an operation on a frame does where the scheme cannot find every mapping.
    pub when_incomplete: WhenIncomplete,
    /// Events between two walks of the VM's own oracle; 0: only at the end.
    pub check_every: u64,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It took place.
    Done,
    /// The VM refused it, for a right reason.
    Refused,
    /// It cannot be asked of the VM.
    Impossible(Impossible),
}

/// A VM and its shadow. Less than 1 KiB; the shadow lies with the caller.
#[derive(Debug)]
pub struct World<'v, 'm, S: Scheme, M: Machine> {
    vm: &'v Vm<'m, S, M>,
    shadow: &'v mut Shadow,
    settings: Settings,
    spaces: [Option<SpaceId>; MOST_PROCESSES],
    objects: [Option<ObjectId>; MOST_OBJECTS],
    migrations: [Option<(Frame, Migration)>; MOST_MIGRATIONS],
    pins: Pins,
    /// Events applied so far.
    applied: u64,
}

impl<'v, 'm, S: Scheme, M: Machine> World<'v, 'm, S, M> {
    /// An empty world around a fresh VM. Events must run within the machine's `with_faults` of that VM.
    pub fn new(vm: &'v Vm<'m, S, M>, shadow: &'v mut Shadow, settings: Settings) -> Self {
        shadow.reset();
        Self {
            vm,
            shadow,
            settings,
            spaces: [None; MOST_PROCESSES],
            objects: [None; MOST_OBJECTS],
            migrations: [const { None }; MOST_MIGRATIONS],
            pins: Pins::default(),
            applied: 0,
        }
    }

    /// What the world looks like, for whoever invents the next event.
    pub const fn shadow(&self) -> &Shadow {
        self.shadow
    }

    /// The number of the next event.
    pub const fn next_number(&self) -> u64 {
        self.applied
    }

    /// Applies an event to both.
    ///
    /// # Errors
    /// The VM is wrong; the world must not be used any more.
    pub fn apply(&mut self, event: &Event) -> Result<Applied, Mismatch> {
        let applied = self.apply_to_both(event).and_then(|applied| self.check().map(|()| applied));
        let applied = applied.map_err(|what| self.mismatch(what))?;
        self.applied += 1;
        Ok(applied)
    }

    /// Ends all that is open, reads every page, asks the VM's oracle, and takes everything apart.
    ///
    /// # Errors
    /// The VM is wrong.
    pub fn finish(mut self) -> Result<(), Mismatch> {
        self.finish_all().map_err(|what| self.mismatch(what))
    }

    fn finish_all(&mut self) -> Result<(), What> {
        for number in 0..MOST_MIGRATIONS {
            self.finish_migration(number);
        }
        while let Some(frame) = self.pins.take() {
            self.vm.unpin(frame).map_err(What::Unpin)?;
        }
        self.read_every_page()?;
        self.vm.check().map_err(What::Oracle)?;
        for object in self.objects.iter_mut().filter_map(Option::take) {
            self.vm.remove_object(object);
        }
        self.vm.tear_down().map_err(What::Oracle)
    }

    fn read_every_page(&mut self) -> Result<(), What> {
        for process in (0..MOST_PROCESSES as u16).map(Process) {
            for page in (0..WINDOW_PAGES).filter_map(page_of) {
                if self.shadow.is_mapped(process, page) {
                    self.apply_to_both(&Event::Touch { process, page, access: Access::Read })?;
                }
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), What> {
        let every = self.settings.check_every;
        let due = every != 0 && (self.applied + 1).is_multiple_of(every);
        if due { self.vm.check().map_err(What::Oracle) } else { Ok(()) }
    }

    const fn mismatch(&self, what: What) -> Mismatch {
        Mismatch { event_number: self.applied, what }
    }

    /// What the present event writes.
    const fn tag(&self) -> Tag {
        Tag(self.applied as u32 + 1)
    }
}
