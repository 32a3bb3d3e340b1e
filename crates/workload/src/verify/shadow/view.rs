//! What the generator may know of the world.

use rmap::PageIndex;
use vm::{Growth, PageRange, PageSize, Protection};

use super::Shadow;
use super::page::{Joined, Source};
use super::processes::MOST_PROCESSES;
use crate::verify::windows::{ADDRESS_END, slot_of};
use crate::{Object, Process};

/// A run of pages that may be one area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Area {
    pub(in crate::verify) range: PageRange,
    /// Where private memory was mapped first.
    pub(in crate::verify) home: PageIndex,
    pub(in crate::verify) is_private: bool,
    pub(in crate::verify) protection: Protection,
    pub(in crate::verify) growth: Growth,
    pub(in crate::verify) page_size: PageSize,
}

impl Shadow {
    pub(in crate::verify) fn is_alive(&self, process: Process) -> bool {
        self.processes.living(process).is_ok()
    }

    pub(in crate::verify) fn living(&self) -> impl Iterator<Item = Process> {
        (0..MOST_PROCESSES as u16).map(Process).filter(|process| self.is_alive(*process))
    }

    pub(in crate::verify) fn has_object(&self, object: Object) -> bool {
        self.objects.named(object).is_ok()
    }

    pub(in crate::verify) fn is_mapped(&self, process: Process, page: PageIndex) -> bool {
        self.page(process, page).is_ok()
    }

    pub(in crate::verify) fn heap(&self, process: Process) -> u64 {
        self.processes.living(process).map_or(0, |entry| u64::from(entry.heap))
    }

    /// The area around a mapped page.
    pub(in crate::verify) fn area(&self, process: Process, page: PageIndex) -> Option<Area> {
        let entry = self.processes.living(process).ok()?;
        let joined = |at: u64| match (entry.at(PageIndex(at)), entry.at(PageIndex(at - 1))) {
            (Some(upper), Some(lower)) => upper.joined(lower) != Joined::No,
            _ => false,
        };
        let anyone = entry.at(page)?;
        let start = (1..=page.0).rev().find(|at| !joined(*at))?;
        let end = (page.0 + 1..=ADDRESS_END).find(|at| !joined(*at))?;
        let first = entry.pages[slot_of(PageIndex(start))?]?;
        Some(Area {
            range: PageRange { start: PageIndex(start), pages: end - start },
            home: PageIndex(u64::from(first.offset)),
            is_private: anyone.attributes.source == Source::Private,
            protection: anyone.attributes.protection,
            growth: anyone.attributes.growth,
            page_size: anyone.attributes.page_size,
        })
    }
}
