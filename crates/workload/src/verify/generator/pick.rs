//! Choices that suit the world as it is.

use fastrand::Rng;
use rmap::PageIndex;
use vm::{Access, PageRange, Protection};

use crate::verify::shadow::{Area, Shadow};
use crate::verify::windows::{ANYWHERE, GENERAL, HEAP, HUGE, STACK, WINDOWS};
use crate::verify::{MOST_OBJECTS, MOST_PROCESSES};
use crate::{Object, Process};

use super::weights::choose;

/// A source of chance and the world it must suit.
pub(super) struct Picker<'a> {
    pub(super) rng: Rng,
    pub(super) shadow: &'a Shadow,
}

/// Windows by weight.
const WINDOW_WEIGHTS: [(PageRange, u32); 5] = [
    // Where most areas are, and the border of two tables.
    (GENERAL, 10),
    (ANYWHERE, 5),
    (HEAP, 2),
    (STACK, 2),
    // Large, so that hardly two events meet: stories go there.
    (HUGE, 2),
];

impl<'a> Picker<'a> {
    pub(super) const fn new(rng: Rng, shadow: &'a Shadow) -> Self {
        Self { rng, shadow }
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u8) -> bool {
        self.rng.u8(..times) == 0
    }

    /// A living process.
    pub(super) fn process(&mut self) -> Option<Process> {
        let start = self.rng.u16(..MOST_PROCESSES as u16);
        self.process_from(start)
    }

    /// The first living process from number `start` on, cyclically.
    pub(super) fn process_from(&self, start: u16) -> Option<Process> {
        cyclic(start, MOST_PROCESSES as u16).map(Process).find(|it| self.shadow.is_alive(*it))
    }

    /// Another living process than `process`.
    pub(super) fn other(&self, process: Process) -> Option<Process> {
        self.process_from(process.0 + 1).filter(|other| *other != process)
    }

    /// A number that no process has.
    pub(super) fn spare(&mut self) -> Option<Process> {
        let start = self.rng.u16(..MOST_PROCESSES as u16);
        cyclic(start, MOST_PROCESSES as u16).map(Process).find(|it| !self.shadow.is_alive(*it))
    }

    /// An object with a number.
    pub(super) fn object(&mut self) -> Option<Object> {
        let start = self.rng.u16(..MOST_OBJECTS as u16);
        cyclic(start, MOST_OBJECTS as u16).map(Object).find(|it| self.shadow.has_object(*it))
    }

    /// A number that no object has.
    pub(super) fn spare_object(&mut self) -> Option<Object> {
        let start = self.rng.u16(..MOST_OBJECTS as u16);
        cyclic(start, MOST_OBJECTS as u16).map(Object).find(|it| !self.shadow.has_object(*it))
    }

    /// A mapped page.
    pub(super) fn page(&mut self, process: Process) -> Option<PageIndex> {
        let window = choose(&WINDOW_WEIGHTS, &mut self.rng);
        let start = self.rng.u64(..window.pages);
        self.page_from(process, window, start)
            .or_else(|| WINDOWS.into_iter().find_map(|it| self.page_from(process, it, 0)))
    }

    /// The first mapped page from the `start`th of a window on, cyclically.
    pub(super) fn page_from(
        &self,
        process: Process,
        window: PageRange,
        start: u64,
    ) -> Option<PageIndex> {
        let pages = (start..window.pages).chain(0..start).map(|n| window.start.plus(n));
        pages.into_iter().find(|page| self.shadow.is_mapped(process, *page))
    }

    /// An area.
    pub(super) fn area(&mut self, process: Process) -> Option<Area> {
        let page = self.page(process)?;
        self.shadow.area(process, page)
    }

    /// A part of `range`, often all of it.
    pub(super) fn part(&mut self, range: PageRange) -> PageRange {
        if self.once_in(3) {
            return range;
        }
        let start = self.rng.u64(..range.pages);
        let pages = self.rng.u64(1..=range.pages - start);
        PageRange { start: range.start.plus(start), pages }
    }

    /// A size: mostly a few pages.
    pub(super) fn size(&mut self) -> u64 {
        if self.once_in(5) { self.rng.u64(1..=24) } else { self.rng.u64(1..=6) }
    }

    /// A place for `pages` in a window of areas.
    pub(super) fn place(&mut self, pages: u64) -> PageIndex {
        let window = if self.once_in(4) { ANYWHERE } else { GENERAL };
        let window = if pages > window.pages { HUGE } else { window };
        window.start.plus(self.rng.u64(..=window.pages.saturating_sub(pages)))
    }

    pub(super) fn access(&mut self) -> Access {
        if self.rng.bool() { Access::Write } else { Access::Read }
    }

    pub(super) fn protection(&mut self) -> Protection {
        if self.once_in(3) { Protection::ReadOnly } else { Protection::ReadWrite }
    }
}

fn cyclic(start: u16, count: u16) -> impl Iterator<Item = u16> {
    (0..count).map(move |n| (start + n) % count)
}
