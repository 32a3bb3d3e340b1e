//! mmap, munmap, mprotect, mlock, brk.

use rmap::PageIndex;
use vm::{Growth, Locking, MapError, PageRange, PageSize, Protection};

use super::Shadow;
use super::contents::{Contents, Health};
use super::objects::{OBJECT_PAGES, Objects};
use super::page::{Attributes, Lock, Page, Seam, Source, Twins};
use super::processes::Entry;
use super::refusals::{Impossible, MapErrors};
use super::surprise::Surprise;
use crate::verify::windows::{ADDRESS_END, ANYWHERE, HEAP, hold, slot_of, slots_in};
use crate::{Event, Place, Process};

/// What an event of the mapping family may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapForecast {
    /// Unless empty, it must fail with one of these.
    pub(super) must: MapErrors,
    /// It may fail with one of these.
    pub(super) may: MapErrors,
    /// Where the VM may put it, if that is for the VM to say.
    pub(super) places: [Option<PageIndex>; 2],
}

impl MapForecast {
    /// Success, unless something is added.
    pub(super) const DONE: Self =
        Self { must: MapErrors::NONE, may: MapErrors::NONE, places: [None; 2] };

    /// Whether it certainly fails.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        !self.must.is_empty()
    }

    pub(super) fn placed(self, at: PageIndex) -> Self {
        Self { places: [Some(at); 2], ..self }
    }

    pub(super) fn refused(mut self, reason: MapError) -> Self {
        self.must.add_if(true, reason);
        self
    }

    pub(super) fn ideal(&self) -> Result<Option<PageIndex>, MapError> {
        self.must.first().map_or(Ok(self.places[0]), Err)
    }

    pub(super) fn judge(
        &self,
        answer: Result<Option<PageIndex>, MapError>,
    ) -> Result<(), Surprise> {
        match answer {
            Ok(_) if self.is_refused() => Err(Surprise::Mapped { instead_of: self.must }),
            Ok(at) if self.places.contains(&at) => Ok(()),
            Ok(at) => Err(Surprise::Placed { at, instead_of: self.places[0] }),
            // Memory may always run out.
            Err(MapError::OutOfMemory) => Ok(()),
            Err(reason) if self.must.contains(reason) || self.may.contains(reason) => Ok(()),
            Err(reason) => Err(Surprise::MapRefused { reason, instead_of: self.must }),
        }
    }
}

/// The fields of [`Event::Mmap`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    process: Process,
    range: PageRange,
    place: Place,
    source: crate::Source,
    protection: Protection,
    page_size: PageSize,
    growth: Growth,
}

impl Request {
    pub(super) fn of(event: &Event) -> Result<Self, Impossible> {
        match *event {
            Event::Mmap { process, range, place, source, protection, page_size, growth } => {
                Ok(Self { process, range, place, source, protection, page_size, growth })
            }
            _ => Err(Impossible::Unrelated),
        }
    }
}

impl Shadow {
    pub(super) fn foresee_mmap(&self, request: &Request) -> Result<MapForecast, Impossible> {
        let entry = self.processes.living(request.process)?;
        self.can_back(request)?;
        let forecast = MapForecast::DONE;
        let range = request.range;
        if request.place == Place::Anywhere {
            return foresee_anywhere(entry, range.pages);
        }
        if is_bad(range) {
            return Ok(forecast.refused(MapError::BadRange));
        }
        if request.place == Place::Vacant && !entry.is_free(range) {
            return Ok(forecast.refused(MapError::Occupied));
        }
        if hold(range) { Ok(forecast.placed(range.start)) } else { Err(Impossible::OutsideWindows) }
    }

    /// Whether there is, or can be, something behind the pages.
    fn can_back(&self, request: &Request) -> Result<(), Impossible> {
        match request.source {
            crate::Source::Private => Ok(()),
            crate::Source::Shared if request.range.pages > OBJECT_PAGES => {
                Err(Impossible::ObjectTooLarge(request.range.pages))
            }
            crate::Source::Shared => self.room_for_object(),
            crate::Source::PrivateObject { object, offset }
            | crate::Source::SharedObject { object, offset } => {
                self.objects.named(object)?;
                let end = offset.saturating_add(request.range.pages);
                let fits = u32::try_from(end).is_ok();
                if fits { Ok(()) } else { Err(Impossible::OutsideWindows) }
            }
        }
    }

    pub(super) fn foresee_munmap(
        &self,
        process: Process,
        range: PageRange,
    ) -> Result<MapForecast, Impossible> {
        self.processes.living(process)?;
        let mut forecast = MapForecast::DONE;
        forecast.must.add_if(is_bad(range), MapError::BadRange);
        Ok(forecast)
    }

    /// Of mprotect and mlock.
    pub(super) fn foresee_change(
        &self,
        process: Process,
        range: PageRange,
    ) -> Result<MapForecast, Impossible> {
        let entry = self.processes.living(process)?;
        let mut forecast = MapForecast::DONE;
        forecast.must.add_if(is_bad(range), MapError::BadRange);
        forecast.must.add_if(!entry.is_mapped(range), MapError::NotMapped);
        Ok(forecast)
    }

    pub(super) fn foresee_brk(
        &self,
        process: Process,
        pages: u64,
    ) -> Result<MapForecast, Impossible> {
        let entry = self.processes.living(process)?;
        let mut forecast = MapForecast::DONE;
        if pages > ADDRESS_END - HEAP.start.0 {
            return Ok(forecast.refused(MapError::BadRange));
        }
        let grown = between(u64::from(entry.heap), pages);
        forecast.must.add_if(!entry.is_free(grown), MapError::Occupied);
        if pages > HEAP.pages && !forecast.is_refused() {
            return Err(Impossible::OutsideWindows);
        }
        Ok(forecast)
    }

    pub(super) fn follow_mapping(
        &mut self,
        event: &Event,
        answer: Result<Option<PageIndex>, MapError>,
    ) {
        match answer {
            Ok(at) => self.follow_mapped(event, at),
            Err(MapError::OutOfMemory) => self.follow_out_of_memory(event),
            Err(_) => {}
        }
    }

    fn follow_mapped(&mut self, event: &Event, at: Option<PageIndex>) {
        match *event {
            Event::Mmap { .. } => self.mmap(event, at),
            Event::Munmap { process, range } => self.processes.entry_mut(process).clear(range),
            Event::Mprotect { process, range, protection } => {
                let entry = self.processes.entry_mut(process);
                entry.for_each(range, |page| page.attributes.protection = protection);
            }
            Event::Mlock { process, range, locking: Locking::Lock } => self.lock(process, range),
            Event::Mlock { process, range, locking: Locking::Unlock } => {
                let entry = self.processes.entry_mut(process);
                entry.for_each(range, |page| page.attributes.lock = Lock::No);
            }
            Event::Brk { process, pages } => self.brk(process, pages),
            Event::Mremap { process, range, pages, to } => {
                self.mremap(process, range, pages, (to, at));
            }
            _ => {}
        }
    }

    /// Nothing that a process can see has changed, but areas may have been split; and a lock may have
    /// come any part of its way.
    fn follow_out_of_memory(&mut self, event: &Event) {
        match *event {
            Event::Munmap { process, range }
            | Event::Mprotect { process, range, .. }
            | Event::Mmap { process, range, .. } => {
                self.processes.entry_mut(process).mark_seams(range);
            }
            Event::Mremap { process, range, pages, to } => {
                let entry = self.processes.entry_mut(process);
                entry.mark_seams(range);
                entry.mark_seams(PageRange { start: range.start, pages });
                if let vm::Remap::To(start) | vm::Remap::CopyTo(start) = to {
                    entry.mark_seams(PageRange { start, pages });
                }
            }
            Event::Mlock { process, range, locking } => self.lock_in_part(process, range, locking),
            _ => {}
        }
    }

    fn mmap(&mut self, event: &Event, at: Option<PageIndex>) {
        let (Ok(request), Some(start)) = (Request::of(event), at) else {
            return;
        };
        self.drop_unused_objects();
        let range = PageRange { start, ..request.range };
        let Some((source, offset)) = back(&mut self.objects, &request, start) else {
            return;
        };
        let Request { protection, page_size, growth, .. } = request;
        let attributes = Attributes { source, protection, page_size, growth, lock: Lock::No };
        self.processes.entry_mut(request.process).fill(range, attributes, offset);
    }

    fn brk(&mut self, process: Process, pages: u64) {
        let entry = self.processes.entry_mut(process);
        let old = u64::from(entry.heap);
        let grown = between(old, pages);
        let attributes = Attributes {
            source: Source::Private,
            protection: Protection::ReadWrite,
            page_size: PageSize::Small,
            growth: Growth::Fixed,
            lock: Lock::No,
        };
        entry.fill(grown, attributes, grown.start.0 as u32);
        entry.clear(between(pages, old));
        entry.heap = pages as u16;
    }

    /// Every page is brought in, and writable private ones as by a write: they no longer follow their
    /// object. Pages that are broken or on the move stay as they are.
    fn lock(&mut self, process: Process, range: PageRange) {
        let Self { processes, objects, migrations, .. } = self;
        processes.entry_mut(process).for_each(range, |page| {
            page.attributes.lock = Lock::Yes;
            page.twins = Twins::Perhaps;
            let certain = page.health == Health::Sound && !migrations.may_concern(page);
            if let Some((copied, behind)) = copied(page, objects) {
                let certain = certain && behind == Health::Sound;
                let contents = if certain { Contents::Own } else { Contents::Either };
                *page = Page { contents, ..copied };
            }
        });
    }

    fn lock_in_part(&mut self, process: Process, range: PageRange, locking: Locking) {
        let Self { processes, objects, .. } = self;
        let entry = processes.entry_mut(process);
        entry.mark_seams(range);
        entry.for_each(range, |page| {
            page.attributes.lock = Lock::Unknown;
            page.twins = Twins::Perhaps;
            page.seam = Seam::Possible;
            let copied = copied(page, objects).filter(|_| locking == Locking::Lock);
            if let Some((copied, _)) = copied {
                *page = Page { contents: Contents::Either, ..copied };
            }
        });
    }
}

fn foresee_anywhere(entry: &Entry, pages: u64) -> Result<MapForecast, Impossible> {
    let mut forecast = MapForecast::DONE;
    if pages == 0 {
        return Ok(forecast.refused(MapError::BadRange));
    }
    if pages > ADDRESS_END - ANYWHERE.start.0 {
        forecast.must.add_if(true, MapError::BadRange);
        return Ok(forecast.refused(MapError::NoGap));
    }
    lowest_gap(entry, pages).map(|at| forecast.placed(at)).ok_or(Impossible::OutsideWindows)
}

/// The page as the copy of its object that a lock makes, if it may make one, and how sound the
/// object's page is.
fn copied(page: &Page, objects: &Objects) -> Option<(Page, Health)> {
    let Source::PrivateObject(object) = page.attributes.source else {
        return None;
    };
    let behind = objects.page(object, page.offset)?;
    let writable = page.attributes.protection == Protection::ReadWrite;
    let reachable = page.migrating.is_none() && page.health != Health::Poisoned;
    let follows = page.contents == Contents::Follows && behind.health != Health::Poisoned;
    let copies = writable && reachable && follows;
    copies.then_some((Page { tag: behind.tag, ..*page }, behind.health))
}

/// What is behind a fresh range at `start`: the source and the offset of its first page.
fn back(objects: &mut Objects, request: &Request, start: PageIndex) -> Option<(Source, u32)> {
    match request.source {
        crate::Source::Private => Some((Source::Private, start.0 as u32)),
        crate::Source::Shared => {
            let object = objects.create(None, request.range.pages)?;
            Some((Source::SharedObject(object), 0))
        }
        crate::Source::PrivateObject { object, offset } => {
            let object = objects.named(object).ok()?;
            Some((Source::PrivateObject(object), offset as u32))
        }
        crate::Source::SharedObject { object, offset } => {
            let object = objects.named(object).ok()?;
            Some((Source::SharedObject(object), offset as u32))
        }
    }
}

impl Entry {
    /// Fresh pages in place of whatever is there.
    pub(super) fn fill(&mut self, range: PageRange, attributes: Attributes, first_offset: u32) {
        for (slot, offset) in slots_in(range).zip(first_offset..) {
            self.pages[slot] = Some(Page::fresh(attributes, offset));
        }
    }

    /// Areas may end where `range` does, at either end.
    fn mark_seams(&mut self, range: PageRange) {
        let end = PageIndex(range.start.0.saturating_add(range.pages));
        for slot in [range.start, end].into_iter().filter_map(slot_of) {
            self.pages[slot].iter_mut().for_each(|page| page.seam = Seam::Possible);
        }
    }
}

/// Whether no address space can hold `range`.
pub(super) fn is_bad(range: PageRange) -> bool {
    let end = range.start.0.saturating_add(range.pages);
    range.pages == 0 || range.start.0 == 0 || end > ADDRESS_END
}

/// The lowest gap of `pages`, if it lies in the window.
pub(super) fn lowest_gap(entry: &Entry, pages: u64) -> Option<PageIndex> {
    let starts = ANYWHERE.start.0..ANYWHERE.end().0;
    let mut gaps = starts.map(|start| PageRange { start: PageIndex(start), pages });
    gaps.find(|gap| entry.is_free(*gap)).filter(|gap| hold(*gap)).map(|gap| gap.start)
}

/// The heap's pages from the `from`th on up to the `to`th.
fn between(from: u64, to: u64) -> PageRange {
    PageRange { start: HEAP.start.plus(from), pages: to.saturating_sub(from) }
}
