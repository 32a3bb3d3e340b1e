//! An independent model of the whole VM, page by page: no areas, frames, tables or swap, only what a
//! process may observe.
//!
//! Where the outcome depends on what a process cannot see (memory that runs out, locks that are held,
//! whether a page is in memory), the shadow takes the VM's word and goes on from there; each such
//! place says so.

mod access;
mod answer;
mod contents;
mod family;
mod frames;
mod mapping;
mod objects;
mod page;
mod processes;
mod refusals;
mod remap;
mod surprise;
#[cfg(test)]
mod tests;
mod view;

use crate::Event;
use rmap::Merges;

pub use access::AccessForecast;
pub use answer::{Answer, Forecast};
pub use contents::Tag;
pub use frames::{MOST_MIGRATIONS, Told, Users};
pub use mapping::MapForecast;
pub use objects::{MOST_OBJECTS, OBJECT_PAGES};
pub use page::Lock;
pub use processes::MOST_PROCESSES;
pub use refusals::{AccessErrors, Impossible, MapErrors};
pub use surprise::Surprise;
pub(in crate::verify) use view::Area;

use frames::Migrations;
use mapping::Request;
use objects::Objects;
use processes::Processes;

/// What every page of every process must contain. About 250 KiB; lives where the caller puts it.
#[derive(Clone, Debug)]
pub struct Shadow {
    processes: Processes,
    objects: Objects,
    migrations: Migrations,
    merges: Merges,
}

const _: () = assert!(size_of::<Shadow>() < 256 << 10);

impl Default for Shadow {
    fn default() -> Self {
        Self::new()
    }
}

impl Shadow {
    /// A world without processes and objects.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            processes: Processes::new(),
            objects: Objects::new(),
            migrations: Migrations::new(),
            merges: Merges::Always,
        }
    }

    /// Forgets everything, in place, for a VM whose scheme lets areas merge so.
    pub fn reset(&mut self, merges: Merges) {
        self.merges = merges;
        self.processes.reset();
        self.objects.reset();
        self.migrations = Migrations::new();
    }

    /// What the VM may answer to `event`. Of an operation on a frame only whether it can be asked for.
    ///
    /// # Errors
    /// The event names what does not exist, or leaves the windows; nobody should ask the VM then.
    pub fn foresee(&self, event: &Event) -> Result<Forecast, Impossible> {
        match *event {
            Event::Spawn { process } => self.processes.vacant(process),
            Event::Fork { parent, child } => {
                self.processes.living(parent).and_then(|_| self.processes.vacant(child))
            }
            Event::Exec { process } | Event::Exit { process } => {
                self.processes.living(process).map(drop)
            }
            Event::Touch { process, page, access } => {
                return self.foresee_touch(process, page, access).map(Forecast::Access);
            }
            Event::OnFrame { process, page, .. } => self.page(process, page).map(drop),
            Event::Survey
            | Event::Phase(_)
            | Event::CompactBlock { .. }
            | Event::Reclaim { .. } => Ok(()),
            Event::CreateObject { object, pages, .. } => {
                self.objects.can_create(object, pages).and_then(|()| self.room_for_object())
            }
            Event::TruncateObject { object, pages } => self.objects.can_truncate(object, pages),
            Event::RemoveObject { object } => self.objects.named(object).map(drop),
            Event::Calibrate { .. } => Err(Impossible::Calibration),
            Event::Mmap { .. }
            | Event::Munmap { .. }
            | Event::Mprotect { .. }
            | Event::Mremap { .. }
            | Event::Brk { .. }
            | Event::Mlock { .. } => return self.foresee_mapping(event).map(Forecast::Map),
        }
        .map(|()| Forecast::Always)
    }

    /// Compares the VM's answer to `event` with the forecast, and follows it. `tag` is what a write
    /// left in the page.
    ///
    /// # Errors
    /// The answer is wrong; the shadow then stays as it is. An impossible event is no surprise: it
    /// changes nothing.
    pub fn settle(&mut self, event: &Event, tag: Tag, answer: Answer) -> Result<(), Surprise> {
        let Ok(forecast) = self.foresee(event) else {
            return Ok(());
        };
        match (forecast, answer) {
            (Forecast::Access(forecast), Answer::Access(read)) => {
                forecast.judge(read)?;
                self.follow_touch(event, tag, read);
            }
            (Forecast::Map(forecast), Answer::Map(mapped)) => {
                forecast.judge(mapped)?;
                self.follow_mapping(event, mapped);
            }
            (Forecast::Always, Answer::Done) => self.follow(event),
            // Memory may always run out; the VM then leaves no trace.
            (Forecast::Always, Answer::OutOfMemory) => {}
            (forecast, answer) => return Err(Surprise::Unrelated { forecast, answer }),
        }
        Ok(())
    }

    /// As [`Self::settle`], of a VM that never runs out of anything.
    ///
    /// # Errors
    /// The event is impossible.
    pub fn assume(&mut self, event: &Event, tag: Tag) -> Result<Answer, Impossible> {
        let answer = self.foresee(event)?.ideal(tag);
        let settled = self.settle(event, tag, answer);
        debug_assert_eq!(settled, Ok(()), "the shadow's own answer surprises it");
        Ok(answer)
    }

    fn follow(&mut self, event: &Event) {
        match *event {
            Event::Spawn { process } => self.processes.spawn(process),
            Event::Fork { parent, child } => self.processes.fork(parent, child),
            Event::Exec { process } => self.processes.exec(process),
            Event::Exit { process } => self.processes.exit(process),
            Event::CreateObject { object, pages, .. } => {
                self.drop_unused_objects();
                self.objects.create(Some(object), pages);
            }
            Event::TruncateObject { object, pages } => self.truncate(object, pages),
            Event::RemoveObject { object } => self.objects.remove(object),
            _ => {}
        }
    }

    fn foresee_mapping(&self, event: &Event) -> Result<MapForecast, Impossible> {
        match *event {
            Event::Mmap { .. } => self.foresee_mmap(&Request::of(event)?),
            Event::Munmap { process, range } => self.foresee_munmap(process, range),
            Event::Mprotect { process, range, .. } | Event::Mlock { process, range, .. } => {
                self.foresee_change(process, range)
            }
            Event::Mremap { process, range, pages, to } => {
                self.foresee_mremap(process, range, pages, to)
            }
            Event::Brk { process, pages } => self.foresee_brk(process, pages),
            _ => Err(Impossible::Unrelated),
        }
    }
}
