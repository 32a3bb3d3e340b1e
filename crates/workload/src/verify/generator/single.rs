//! One event by itself, from the table of weights.

use rmap::PageIndex;
use vm::{Growth, Locking, ObjectKind, PageRange, PageSize, Protection, Remap};

use super::NOBODY;
use super::pick::Picker;
use super::weights::{SINGLES, Single, choose};
use crate::verify::windows::{HEAP, HUGE, STACK};
use crate::verify::{MOST_PROCESSES, OBJECT_PAGES};
use crate::{Event, FrameOperation, Place, Process, Source};

/// Operations on a frame by weight.
const OPERATIONS: [(FrameOperation, u32); 11] = [
    (FrameOperation::Find, 4),
    (FrameOperation::Unmap, 8),
    (FrameOperation::Migrate, 6),
    (FrameOperation::BeginMigration, 2),
    // Migrations stay open only briefly.
    (FrameOperation::FinishMigration, 4),
    (FrameOperation::Age, 3),
    (FrameOperation::WriteProtect, 3),
    // Poisoned pages are lost to every later event.
    (FrameOperation::Poison, 1),
    // Pinned frames refuse most operations.
    (FrameOperation::Pin, 1),
    (FrameOperation::Unpin, 2),
    (FrameOperation::Split, 2),
];

/// So many processes may fork freely.
const ROOMY: usize = 4;

pub(super) fn event(picker: &mut Picker<'_>) -> Option<Event> {
    let kind = choose(&SINGLES, &mut picker.rng);
    let process = picker.process().unwrap_or(NOBODY);
    match kind {
        Single::Spawn => spawn(picker),
        Single::Fork => fork(picker, process),
        Single::Exec => Some(Event::Exec { process }),
        Single::Exit => exit(picker, process),
        Single::Mmap => Some(mmap(picker, process)),
        Single::Munmap => {
            let range = picker.area(process)?.range;
            Some(Event::Munmap { process, range: picker.part(range) })
        }
        Single::Mprotect => {
            let range = picker.area(process)?.range;
            let (range, protection) = (picker.part(range), picker.protection());
            Some(Event::Mprotect { process, range, protection })
        }
        Single::Mremap => mremap(picker, process),
        Single::Brk => Some(Event::Brk { process, pages: picker.rng.u64(..=HEAP.pages) }),
        Single::Mlock => mlock(picker, process),
        Single::Touch => touch(picker, process),
        Single::OnFrame => on_frame(picker, process),
        Single::CompactBlock => {
            Some(Event::CompactBlock { order: picker.rng.u32(1..=vm::HUGE_ORDER) })
        }
        Single::Survey => Some(Event::Survey),
        Single::Reclaim => Some(Event::Reclaim { frames: picker.rng.u32(1..=24) }),
        Single::CreateObject => create_object(picker),
        Single::TruncateObject => {
            let pages = picker.rng.u64(..=OBJECT_PAGES);
            Some(Event::TruncateObject { object: picker.object()?, pages })
        }
        Single::RemoveObject => Some(Event::RemoveObject { object: picker.object()? }),
    }
}

fn spawn(picker: &mut Picker<'_>) -> Option<Event> {
    // Two families at most, unless by chance.
    let crowded = picker.shadow.living().count() > 1 && !picker.once_in(4);
    let process = picker.spare().filter(|_| !crowded)?;
    Some(Event::Spawn { process })
}

/// The fuller the world, the more often somebody leaves it instead.
pub(super) fn fork(picker: &mut Picker<'_>, parent: Process) -> Option<Event> {
    let living = picker.shadow.living().count();
    if picker.rng.usize(ROOMY..MOST_PROCESSES) < living {
        let process = picker.process()?;
        return exit(picker, process);
    }
    Some(Event::Fork { parent, child: picker.spare()? })
}

/// The last process stays, and most of the time the last but one.
fn exit(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let living = picker.shadow.living().count();
    let stays = living <= 1 || (living == 2 && !picker.once_in(4));
    (!stays).then_some(Event::Exit { process })
}

fn source(picker: &mut Picker<'_>) -> Source {
    let object = picker.object().filter(|_| picker.once_in(2));
    let offset = picker.rng.u64(..6);
    match object {
        Some(object) if picker.rng.bool() => Source::PrivateObject { object, offset },
        Some(object) => Source::SharedObject { object, offset },
        None if picker.once_in(6) => Source::Shared,
        None => Source::Private,
    }
}

fn mmap(picker: &mut Picker<'_>, process: Process) -> Event {
    if picker.once_in(10) {
        return stack(picker, process);
    }
    if picker.once_in(10) {
        return huge(picker, process);
    }
    let pages = picker.size();
    let place = match picker.rng.u8(..8) {
        0 | 1 => Place::Anywhere,
        2 => Place::Fixed,
        _ => Place::Vacant,
    };
    let start =
        if place == Place::Anywhere { PageIndex(0) } else { beside(picker, process, pages) };
    let protection = if picker.once_in(6) { Protection::ReadOnly } else { Protection::ReadWrite };
    Event::Mmap {
        process,
        range: PageRange { start, pages },
        place,
        source: source(picker),
        protection,
        page_size: PageSize::Small,
        growth: Growth::Fixed,
    }
}

/// A place, every second time right behind an area, so that neighbours merge.
fn beside(picker: &mut Picker<'_>, process: Process, pages: u64) -> PageIndex {
    let neighbour = picker.area(process).filter(|_| picker.rng.bool());
    neighbour.map_or_else(|| picker.place(pages), |area| area.range.end())
}

pub(super) fn stack(picker: &mut Picker<'_>, process: Process) -> Event {
    let start = STACK.start.plus(picker.rng.u64(8..STACK.pages - 2));
    Event::Mmap {
        process,
        range: PageRange { start, pages: picker.rng.u64(1..=2) },
        place: Place::Vacant,
        source: Source::Private,
        protection: Protection::ReadWrite,
        page_size: PageSize::Small,
        growth: Growth::Down,
    }
}

/// Private memory for 2 MiB pages; not always aligned.
pub(super) fn huge(picker: &mut Picker<'_>, process: Process) -> Event {
    let start = if picker.once_in(4) { picker.rng.u64(..40) } else { 0 };
    let pages = if picker.rng.bool() { HUGE.pages - start } else { 512 };
    Event::Mmap {
        process,
        range: PageRange { start: HUGE.start.plus(start), pages },
        place: Place::Fixed,
        source: Source::Private,
        protection: Protection::ReadWrite,
        page_size: PageSize::Huge,
        growth: Growth::Fixed,
    }
}

fn mremap(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let area = picker.area(process)?;
    let range = picker.part(area.range);
    let pages = match picker.rng.u8(..6) {
        0 => picker.rng.u64(1..=range.pages),
        1 => range.pages + picker.rng.u64(1..=6),
        _ => range.pages,
    };
    let home = area.home.plus(range.start.0 - area.range.start.0);
    let to = match picker.rng.u8(..8) {
        0 => Remap::InPlace,
        1 => Remap::Anywhere,
        2 => Remap::CopyTo(picker.place(pages)),
        3 | 4 if area.is_private && home != range.start => Remap::To(home),
        5 => Remap::To(beside(picker, process, pages)),
        _ => Remap::To(picker.place(pages)),
    };
    Some(Event::Mremap { process, range, pages, to })
}

fn mlock(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let area = picker.area(process)?;
    // A locked huge area would hold most of a small machine's frames.
    let locking = if picker.rng.bool() && area.page_size == PageSize::Small {
        Locking::Lock
    } else {
        Locking::Unlock
    };
    Some(Event::Mlock { process, range: picker.part(area.range), locking })
}

fn touch(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let mut page = picker.page(process)?;
    let stack = picker.shadow.area(process, page).filter(|area| area.growth == Growth::Down);
    if let Some(stack) = stack.filter(|_| picker.rng.bool()) {
        page = PageIndex(stack.range.start.0 - picker.rng.u64(1..=vm::STACK_WINDOW));
    }
    let access = picker.access();
    // Refusals come from elsewhere.
    let area = picker.shadow.area(process, page);
    let writable = area.is_none_or(|area| area.protection == Protection::ReadWrite);
    let access = if writable { access } else { vm::Access::Read };
    Some(Event::Touch { process, page, access })
}

fn on_frame(picker: &mut Picker<'_>, process: Process) -> Option<Event> {
    let operation = choose(&OPERATIONS, &mut picker.rng);
    let page = picker.page(process)?;
    Some(Event::OnFrame { operation, process, page })
}

pub(super) fn create_object(picker: &mut Picker<'_>) -> Option<Event> {
    let kind = if picker.rng.bool() { ObjectKind::File } else { ObjectKind::Segment };
    let pages = picker.rng.u64(1..=OBJECT_PAGES);
    Some(Event::CreateObject { object: picker.spare_object()?, kind, pages })
}
