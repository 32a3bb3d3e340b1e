//! One file per workload.

pub(crate) mod calibration;
pub(crate) mod fork_exit;
pub(crate) mod fork_touch;

use rmap::PageIndex;
use vm::{Access, PageRange};

use crate::{Event, Process};

/// Where heaps start: at a leaf table's first slot, so that 512 pages fill one table.
const HEAP: PageIndex = PageIndex(0x4_0000);

/// The process from which all others descend.
const FIRST: Process = Process(0);

/// The first process starts and writes to every page of its heap.
fn start_with_heap(pages: u64) -> impl Iterator<Item = Event> + Clone {
    [
        Event::Spawn { process: FIRST },
        Event::Mmap { process: FIRST, range: PageRange { start: HEAP, pages } },
    ]
    .into_iter()
    .chain(writes(FIRST, 0..pages))
}

/// `process` writes to these pages of the heap.
fn writes(
    process: Process,
    pages: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Event> + Clone {
    pages.map(move |page| Event::Touch { process, page: HEAP.plus(page), access: Access::Write })
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
