//! Where a story takes place, and what is common to stories.

use fastrand::Rng;
use rmap::PageIndex;
use vm::{Access, Growth, PageRange, PageSize, Protection, Remap};

use super::pick::Picker;
use crate::verify::MOST_PROCESSES;
use crate::verify::shadow::Area;
use crate::verify::windows::{ANYWHERE, GENERAL};
use crate::{Event, FrameOperation, Object, Place, Process, Source};

/// What a story is about; the same for all its events.
pub(super) struct Focus {
    pub(super) process: u16,
    pub(super) window: PageRange,
    page: u64,
}

impl Focus {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let process = rng.u16(..MOST_PROCESSES as u16);
        let window = if rng.u8(..4) == 0 { ANYWHERE } else { GENERAL };
        Self { process, window, page: rng.u64(..window.pages) }
    }
}

/// The scene of a story, as far as it is set.
pub(super) struct Scene<'p, 'a> {
    pub(super) picker: &'p mut Picker<'a>,
    pub(super) hero: Process,
    pub(super) focus: &'p Focus,
}

impl Scene<'_, '_> {
    /// The page that all is about.
    pub(super) fn page(&self, process: Process) -> Option<PageIndex> {
        self.picker.page_from(process, self.focus.window, self.focus.page)
    }

    pub(super) fn area(&self) -> Option<Area> {
        self.picker.shadow.area(self.hero, self.page(self.hero)?)
    }

    pub(super) fn relative(&self) -> Option<Process> {
        self.picker.other(self.hero)
    }

    pub(super) fn object(&mut self) -> Option<Object> {
        self.picker.object()
    }

    pub(super) fn touch(&self, process: Process, access: Access) -> Option<Event> {
        Some(Event::Touch { process, page: self.page(process)?, access })
    }

    pub(super) fn touch_as_relative(&self, access: Access) -> Option<Event> {
        self.touch(self.relative()?, access)
    }

    pub(super) fn on_frame(&self, operation: FrameOperation) -> Option<Event> {
        Some(Event::OnFrame { operation, process: self.hero, page: self.page(self.hero)? })
    }

    pub(super) fn mmap(&mut self, source: Source) -> Event {
        let pages = self.picker.size();
        let last = self.focus.window.pages - pages;
        let start = self.focus.window.start.plus(self.focus.page.min(last));
        self.mmap_at(PageRange { start, pages }, source)
    }

    pub(super) fn mmap_at(&self, range: PageRange, source: Source) -> Event {
        Event::Mmap {
            process: self.hero,
            range,
            place: Place::Fixed,
            source,
            protection: Protection::ReadWrite,
            page_size: PageSize::Small,
            growth: Growth::Fixed,
        }
    }

    /// A gap for `pages` in the window of areas.
    pub(super) fn free_place(&self, pages: u64) -> Option<PageIndex> {
        let is_free = |start: &PageIndex| {
            (0..pages).all(|n| !self.picker.shadow.is_mapped(self.hero, start.plus(n)))
        };
        (0..GENERAL.pages - pages).map(|n| GENERAL.start.plus(n)).find(is_free)
    }

    /// All mapped pages around `page`, of whatever area.
    pub(super) fn mapped_run(&self, page: PageIndex, window: PageRange) -> PageRange {
        let is_mapped = |at: &u64| self.picker.shadow.is_mapped(self.hero, PageIndex(*at));
        let below = (window.start.0..page.0).rev().take_while(is_mapped).count() as u64;
        let above = (page.0..window.end().0).take_while(is_mapped).count() as u64;
        PageRange { start: PageIndex(page.0 - below), pages: below + above }
    }

    /// The area moves away from where it is.
    pub(super) fn leave(&mut self) -> Option<Event> {
        let range = self.area()?.range;
        let to = Remap::To(self.picker.place(range.pages));
        Some(Event::Mremap { process: self.hero, range, pages: range.pages, to })
    }

    /// The first area that is not at home goes back there.
    pub(super) fn come_home(&self) -> Option<Event> {
        let pages = (0..GENERAL.pages).map(|n| GENERAL.start.plus(n));
        let areas = pages.filter_map(|page| self.picker.shadow.area(self.hero, page));
        let astray = areas.into_iter().find(|it| it.is_private && it.home != it.range.start)?;
        let (range, to) = (astray.range, Remap::To(astray.home));
        Some(Event::Mremap { process: self.hero, range, pages: range.pages, to })
    }
}
