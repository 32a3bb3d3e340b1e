//! One file per workload.

pub(crate) mod aging;
pub(crate) mod calibration;
pub(crate) mod chain;
pub(crate) mod evict_shared;
pub(crate) mod fan_out;
pub(crate) mod fork_exec;
pub(crate) mod fork_exit;
pub(crate) mod fork_server;
pub(crate) mod fork_touch;
pub(crate) mod fragment_compact;
pub(crate) mod make;
pub(crate) mod mass_exit;
pub(crate) mod mprotect_shatter;
pub(crate) mod mremap_arena;
pub(crate) mod poison_sweep;
pub(crate) mod prefork;
pub(crate) mod reclaim;
pub(crate) mod rolling_snapshot;
pub(crate) mod shell;
pub(crate) mod shm_database;
pub(crate) mod snapshot;
pub(crate) mod sparse_survivors;
pub(crate) mod windows;
pub(crate) mod zygote;

mod program;

use rmap::PageIndex;
use vm::{Access, Growth, PageRange, PageSize, Protection};

use crate::{
    Event, FrameOperation, Object, ParameterSpec, Parameters, Phase, Place, Process, Source,
};
use program::Program;

/// Where heaps start: at a leaf table's first slot, so that 512 pages fill one table.
const HEAP: PageIndex = PageIndex(0x4_0000);

/// Where files start that a program runs from, below its heap: at 4 MiB, where linkers put code.
const TEXT: PageIndex = PageIndex(0x400);

/// The process from which all others descend.
const FIRST: Process = Process(0);

/// Its first child.
const CHILD: Process = Process(1);

/// All is there that the workload is about.
const WORK_BEGINS: Event = Event::Phase(Phase::Work);

/// What follows is no more what the workload is about.
const WORK_ENDS: Event = Event::Phase(Phase::TearDown);

/// Whether it is written down how much the scheme knows, as time goes by.
const SURVEYS: ParameterSpec = ParameterSpec {
    name: "surveys",
    summary: "1: surveys before the first fork and as time goes by, of which the first 64 are kept",
    default: 1,
    min: 0,
    max: 1,
};

/// A survey, if [`SURVEYS`] says so.
fn surveys(parameters: &Parameters) -> impl Iterator<Item = Event> + Clone {
    (0..parameters.get(SURVEYS.name)).map(|_| Event::Survey)
}

/// The first process starts and writes to every page of its heap; then the work begins.
fn start_with_heap(pages: u64) -> impl Iterator<Item = Event> + Clone {
    let heap = PageRange { start: HEAP, pages };
    [Event::Spawn { process: FIRST }, map_private(FIRST, heap)]
        .into_iter()
        .chain(writes(FIRST, 0..pages))
        .chain([WORK_BEGINS])
}

/// Anonymous private memory of 4 KiB pages is mapped.
const fn map_private(process: Process, range: PageRange) -> Event {
    map(process, range, Source::Private, Protection::ReadWrite)
}

/// A file is mapped from its first page on, so that writes are copied.
const fn map_file(
    process: Process,
    range: PageRange,
    object: Object,
    protection: Protection,
) -> Event {
    map(process, range, Source::PrivateObject { object, offset: 0 }, protection)
}

/// Pages of an object from `offset` on are mapped, so that writes are everybody's.
const fn map_shared(process: Process, range: PageRange, object: Object, offset: u64) -> Event {
    map(process, range, Source::SharedObject { object, offset }, Protection::ReadWrite)
}

const fn map(process: Process, range: PageRange, source: Source, protection: Protection) -> Event {
    Event::Mmap {
        process,
        range,
        place: Place::Vacant,
        source,
        protection,
        page_size: PageSize::Small,
        growth: Growth::Fixed,
    }
}

/// Something is done to the frame behind a page of the heap.
const fn on_frame(operation: FrameOperation, process: Process, page: u64) -> Event {
    Event::OnFrame { operation, process, page: HEAP.plus(page) }
}

/// `process` writes to these pages of the heap.
fn writes(
    process: Process,
    pages: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Event> + Clone {
    writes_at(process, HEAP, pages)
}

/// `process` writes to these pages, counted from `start`.
fn writes_at(
    process: Process,
    start: PageIndex,
    pages: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Event> + Clone {
    touches(process, start, pages, Access::Write)
}

/// `process` reads these pages of the heap.
fn reads(
    process: Process,
    pages: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Event> + Clone {
    reads_at(process, HEAP, pages)
}

/// `process` reads these pages, counted from `start`.
fn reads_at(
    process: Process,
    start: PageIndex,
    pages: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Event> + Clone {
    touches(process, start, pages, Access::Read)
}

fn touches(
    process: Process,
    start: PageIndex,
    pages: impl Iterator<Item = u64> + Clone,
    access: Access,
) -> impl Iterator<Item = Event> + Clone {
    pages.map(move |page| Event::Touch { process, page: start.plus(page), access })
}

/// `count` pages spread evenly over a heap of `pages`, or all if there are no more.
fn spread(count: u64, pages: u64) -> impl Iterator<Item = u64> + Clone {
    let count = count.min(pages);
    (0..count).map(move |nth| nth * pages / count)
}

/// `count` pages from `first` on, or all if there are no more; behind the last page of a heap of `pages`
/// comes the first.
fn in_a_row(first: u64, count: u64, pages: u64) -> impl Iterator<Item = u64> + Clone {
    (0..count.min(pages)).map(move |nth| (first + nth) % pages)
}

/// The first process forks `children` of them.
fn forks(children: u64) -> impl Iterator<Item = Event> + Clone {
    processes(children).map(|child| Event::Fork { parent: FIRST, child })
}

/// All children exit, oldest first.
fn exits(children: u64) -> impl Iterator<Item = Event> + Clone {
    processes(children).map(|process| Event::Exit { process })
}

/// The numbers of the children.
fn processes(children: u64) -> impl Iterator<Item = Process> + Clone {
    (1..=children as u16).map(Process)
}
