//! Events that must be refused, each for a reason of its own.

use rmap::PageIndex;
use vm::{Access, Growth, Locking, PageRange, PageSize, Protection, Remap};

use super::pick::Picker;
use super::{ATTEMPTS, NOBODY};
use crate::verify::shadow::Area;
use crate::verify::windows::{ADDRESS_END, GENERAL, HEAP, STACK};
use crate::verify::{Forecast, Shadow};
use crate::{Event, Object, Place, Process, Source};

/// An event that the VM, or whoever asks it, refuses in the present world.
pub(super) fn event(picker: &mut Picker<'_>) -> Option<Event> {
    (0..ATTEMPTS).find_map(|_| candidate(picker).filter(|event| is_refused(event, picker.shadow)))
}

fn is_refused(event: &Event, shadow: &Shadow) -> bool {
    match shadow.foresee(event) {
        Ok(Forecast::Always) => false,
        Ok(Forecast::Map(forecast)) => forecast.is_refused(),
        Ok(Forecast::Access(forecast)) => forecast.is_refused(),
        Err(reason) => !matches!(reason, crate::verify::Impossible::OutsideWindows),
    }
}

fn candidate(picker: &mut Picker<'_>) -> Option<Event> {
    let process = picker.process().unwrap_or(NOBODY);
    match picker.rng.u8(..16) {
        0 => Some(nobody(picker)),
        1 => Some(Event::Munmap { process, range: bad_range(picker) }),
        2 => Some(mmap(process, bad_range(picker), Place::Fixed)),
        3 => Some(Event::Mprotect {
            process,
            range: bad_range(picker),
            protection: Protection::ReadOnly,
        }),
        4 | 5 => {
            let range = picker.area(process)?.range;
            Some(mmap(process, picker.part(range), Place::Vacant))
        }
        6 => Some(Event::Mprotect {
            process,
            range: over_the_end(picker, process)?,
            protection: picker.protection(),
        }),
        7 => {
            let range = over_the_end(picker, process)?;
            Some(Event::Mlock { process, range, locking: Locking::Lock })
        }
        8 | 9 => {
            let page = GENERAL.start.plus(picker.rng.u64(..GENERAL.pages));
            Some(Event::Touch { process, page, access: picker.access() })
        }
        10 => {
            let page = picker.page(process)?;
            Some(Event::Touch { process, page, access: Access::Write })
        }
        11 => beyond_the_stack(picker, process),
        12 => {
            let pages = picker.shadow.heap(process) + picker.rng.u64(1..=HEAP.pages);
            Some(Event::Brk { process, pages })
        }
        _ => mremap(picker, process),
    }
}

/// What names a process or an object that does not exist, or exists already.
fn nobody(picker: &mut Picker<'_>) -> Event {
    let process = picker.spare().unwrap_or(Process(u16::MAX));
    match picker.rng.u8(..6) {
        0 => Event::Exit { process },
        1 => Event::Fork { parent: process, child: process },
        2 => Event::Spawn { process: picker.process().unwrap_or(Process(u16::MAX)) },
        3 => Event::RemoveObject { object: picker.spare_object().unwrap_or(Object(u16::MAX)) },
        4 => Event::Brk { process, pages: 1 },
        _ => Event::Touch { process, page: GENERAL.start, access: Access::Read },
    }
}

fn mmap(process: Process, range: PageRange, place: Place) -> Event {
    Event::Mmap {
        process,
        range,
        place,
        source: Source::Private,
        protection: Protection::ReadWrite,
        page_size: PageSize::Small,
        growth: Growth::Fixed,
    }
}

/// Empty, at page 0, or beyond the last address.
fn bad_range(picker: &mut Picker<'_>) -> PageRange {
    let pages = picker.size();
    let (start, pages) = match picker.rng.u8(..4) {
        0 => (picker.place(1).0, 0),
        1 => (0, pages),
        2 => (ADDRESS_END - pages + 1, pages),
        _ => (ADDRESS_END, pages),
    };
    PageRange { start: PageIndex(start), pages }
}

/// An area and the page behind it, which may be another area's.
fn over_the_end(picker: &mut Picker<'_>, process: Process) -> Option<PageRange> {
    let range = picker.area(process)?.range;
    Some(PageRange { start: range.start, pages: range.pages + 1 })
}

/// Just too far below a stack, or too close to what lies under it.
fn beyond_the_stack(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let stack = any_stack(picker, process)?;
    let near = |below: &u64| picker.shadow.is_mapped(process, PageIndex(*below));
    let neighbour = (STACK.start.0..stack.range.start.0).rev().find(near);
    let page = match neighbour.filter(|_| picker.rng.bool()) {
        Some(below) => PageIndex(below + 1),
        None => PageIndex(stack.range.start.0 - picker.rng.u64(1..=vm::STACK_WINDOW + 1)),
    };
    Some(Event::Touch { process, page, access: picker.access() })
}

fn any_stack(picker: &mut Picker<'_>, process: Process) -> Option<Area> {
    let start = picker.rng.u64(..STACK.pages);
    let page = picker.page_from(process, STACK, start)?;
    picker.shadow.area(process, page).filter(|area| area.growth == Growth::Down)
}

fn mremap(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let stack = any_stack(picker, process).filter(|_| picker.once_in(4));
    if let Some(Area { range, .. }) = stack {
        let to = Remap::To(picker.place(range.pages));
        return Some(Event::Mremap { process, range, pages: range.pages, to });
    }
    let range = picker.area(process)?.range;
    let (range, pages, to) = match picker.rng.u8(..6) {
        // Two areas, or one and a hole.
        0 => (PageRange { pages: range.pages + 1, ..range }, range.pages, Remap::Anywhere),
        // Onto itself.
        1 => (range, range.pages, Remap::To(range.start.plus(range.pages - 1))),
        2 => (range, 0, Remap::InPlace),
        // Into a neighbour, or across the area's own remainder.
        3 => (range, range.pages + picker.size(), Remap::InPlace),
        // A copy of another size.
        4 => (range, range.pages + 1, Remap::CopyTo(picker.place(range.pages + 1))),
        // What must not move or be copied.
        _ => (range, range.pages, Remap::CopyTo(picker.place(range.pages))),
    };
    Some(Event::Mremap { process, range, pages, to })
}
