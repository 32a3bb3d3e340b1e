//! mremap.

use rmap::{Merges, PageIndex};
use vm::{Growth, MapError, PageRange, Remap};

use super::Shadow;
use super::mapping::{MapForecast, is_bad, lowest_gap};
use super::page::{Attributes, Joined, Page, Source};
use super::processes::Entry;
use super::refusals::Impossible;
use crate::Process;
use crate::verify::windows::{hold, slot_of, slots_in};

impl Shadow {
    pub(super) fn foresee_mremap(
        &self,
        process: Process,
        range: PageRange,
        pages: u64,
        to: Remap,
    ) -> Result<MapForecast, Impossible> {
        let entry = self.processes.living(process)?;
        let mut forecast = MapForecast::DONE;
        forecast.must.add_if(is_bad(range) || pages == 0, MapError::BadRange);
        let joined = match self.merges {
            Merges::Always => entry.joined(range),
            Merges::Sometimes if range.pages == 1 => entry.joined(range),
            Merges::Sometimes => entry.joined(range).min(Joined::Perhaps),
        };
        forecast.must.add_if(joined == Joined::No, MapError::NotMapped);
        forecast.may.add_if(joined == Joined::Perhaps, MapError::NotMapped);
        let first = entry.at(range.start);
        match (to, first) {
            (Remap::InPlace, _) => foresee_in_place(entry, range, pages, forecast),
            (Remap::Anywhere, Some(first)) => {
                foresee_anywhere(entry, range, pages, first, forecast)
            }
            (Remap::To(start), _) => {
                let target = PageRange { start, pages };
                foresee_move(range, target, first, forecast)
            }
            (Remap::CopyTo(start), _) => {
                let private = first.is_some_and(|it| it.attributes.source == Source::Private);
                let copies = private && pages == range.pages;
                forecast.must.add_if(!copies, MapError::BadMove);
                foresee_move(range, PageRange { start, pages }, first, forecast)
            }
            (Remap::Anywhere, None) => Ok(forecast),
        }
    }

    /// `to` is what was asked for and where it went.
    pub(super) fn mremap(
        &mut self,
        process: Process,
        range: PageRange,
        pages: u64,
        (to, at): (Remap, Option<PageIndex>),
    ) {
        let entry = self.processes.entry_mut(process);
        let (Some(&first), Some(start)) = (entry.at(range.start), at) else {
            return;
        };
        let target = PageRange { start, pages };
        if start == range.start {
            entry.resize(range, target, &first);
        } else {
            entry.relocate(range, target, &first);
        }
        if matches!(to, Remap::CopyTo(_)) {
            entry.fill(range, first.attributes, first.offset);
        }
    }
}

fn foresee_in_place(
    entry: &Entry,
    range: PageRange,
    pages: u64,
    mut forecast: MapForecast,
) -> Result<MapForecast, Impossible> {
    let target = PageRange { start: range.start, pages };
    let free = entry.is_free(growth_of(range, pages));
    forecast.must.add_if(!free, MapError::Occupied);
    if forecast.is_refused() || hold(target) {
        return Ok(forecast.placed(range.start));
    }
    Err(Impossible::OutsideWindows)
}

fn foresee_anywhere(
    entry: &Entry,
    range: PageRange,
    pages: u64,
    first: &Page,
    mut forecast: MapForecast,
) -> Result<MapForecast, Impossible> {
    if forecast.is_refused() || entry.is_free(growth_of(range, pages)) {
        return foresee_in_place(entry, range, pages, forecast);
    }
    forecast.must.add_if(first.attributes.growth == Growth::Down, MapError::BadMove);
    if forecast.is_refused() {
        return Ok(forecast);
    }
    lowest_gap(entry, pages).map(|at| forecast.placed(at)).ok_or(Impossible::OutsideWindows)
}

fn foresee_move(
    range: PageRange,
    target: PageRange,
    first: Option<&Page>,
    mut forecast: MapForecast,
) -> Result<MapForecast, Impossible> {
    let stack = first.is_some_and(|first| first.attributes.growth == Growth::Down);
    forecast.must.add_if(is_bad(target), MapError::BadRange);
    forecast.must.add_if(stack || overlap(range, target), MapError::BadMove);
    if forecast.is_refused() || hold(target) {
        return Ok(forecast.placed(target.start));
    }
    Err(Impossible::OutsideWindows)
}

/// As [`PageRange::overlaps`], of ranges that may be nonsense.
fn overlap(one: PageRange, other: PageRange) -> bool {
    let end = |range: PageRange| range.start.0.saturating_add(range.pages);
    one.start.0 < end(other) && other.start.0 < end(one)
}

/// The pages that `range` needs to have `pages`.
fn growth_of(range: PageRange, pages: u64) -> PageRange {
    let end = PageIndex(range.start.0.saturating_add(range.pages));
    PageRange { start: end, pages: pages.saturating_sub(range.pages) }
}

/// What a page at `index` of an area is, of which `first` is the first.
fn grown(first: &Page, index: u64) -> Page {
    let attributes: Attributes = first.attributes;
    Page::fresh(attributes, first.offset.wrapping_add(index as u32))
}

impl Entry {
    /// Whether all of `range` belongs to one area.
    fn joined(&self, range: PageRange) -> Joined {
        let mut weakest = if self.is_mapped(range) { Joined::Yes } else { return Joined::No };
        let mut below: Option<&Page> = None;
        for slot in slots_in(range) {
            let page = self.pages[slot].as_ref();
            if let (Some(page), Some(below)) = (page, below) {
                weakest = weakest.min(page.joined(below));
            }
            below = page;
        }
        weakest
    }

    fn resize(&mut self, range: PageRange, target: PageRange, first: &Page) {
        for index in target.pages..range.pages {
            self.set(range.start.plus(index), None);
        }
        for index in range.pages..target.pages {
            self.set(range.start.plus(index), Some(grown(first, index)));
        }
    }

    fn relocate(&mut self, range: PageRange, target: PageRange, first: &Page) {
        for index in 0..range.pages.max(target.pages) {
            let moved = match self.at(range.start.plus(index)).copied() {
                Some(page) if index < range.pages => page,
                _ => grown(first, index),
            };
            if index < range.pages {
                self.set(range.start.plus(index), None);
            }
            if index < target.pages {
                self.set(target.start.plus(index), Some(moved));
            }
        }
    }

    fn set(&mut self, page: PageIndex, to: Option<Page>) {
        if let Some(slot) = slot_of(page) {
            self.pages[slot] = to;
        }
    }
}
