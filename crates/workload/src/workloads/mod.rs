//! One file per workload.

pub(crate) mod aging;
pub(crate) mod calibration;
pub(crate) mod evict_shared;
pub(crate) mod fork_exec;
pub(crate) mod fork_exit;
pub(crate) mod fork_touch;
pub(crate) mod fragment_compact;
pub(crate) mod mprotect_shatter;
pub(crate) mod mremap_arena;
pub(crate) mod poison_sweep;
pub(crate) mod prefork;
pub(crate) mod shm_database;

use rmap::PageIndex;
use vm::{Access, Growth, PageRange, PageSize, Protection};

use crate::{Event, FrameOperation, ParameterSpec, Parameters, Phase, Place, Process, Source};

/// Where heaps start: at a leaf table's first slot, so that 512 pages fill one table.
const HEAP: PageIndex = PageIndex(0x4_0000);

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
    Event::Mmap {
        process,
        range,
        place: Place::Vacant,
        source: Source::Private,
        protection: Protection::ReadWrite,
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
    pages.map(move |page| Event::Touch { process, page: start.plus(page), access: Access::Write })
}

/// `count` pages spread evenly over a heap of `pages`, or all if there are no more.
fn spread(count: u64, pages: u64) -> impl Iterator<Item = u64> + Clone {
    let count = count.min(pages);
    (0..count).map(move |nth| nth * pages / count)
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
