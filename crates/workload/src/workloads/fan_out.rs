//! `fan-out`: one frame at as many addresses as are wanted, and everything that can be done to a given frame
//! is done to this one. Either each address is in another process, all of which inherited the page, or a
//! few processes have mapped a page of a segment again and again.
//!
//! Shows how the cost of each operation grows with the addresses of a frame, and with little else. Hurts
//! schemes that look at more than they have to for each, and those that do not know them at all.

use rmap::PageIndex;
use vm::{ObjectKind, PageRange};

use super::{FIRST, HEAP, WORK_BEGINS, forks, map_shared, reads_at, start_with_heap, writes_at};
use crate::{Demand, Event, FrameOperation, Object, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap or segment that the frame is the first page of",
        default: 8,
        min: 1,
        max: 1 << 10,
    },
    ParameterSpec {
        name: "sharers",
        summary: "addresses of the frame",
        default: 64,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "windows",
        summary: "0: a page that as many processes inherited; else how often one process maps a page of a segment",
        default: 0,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "rounds",
        summary: "how often each operation is done",
        default: 4,
        min: 1,
        max: 1 << 20,
    },
];

const SEGMENT: Object = Object(0);

/// What is done to the frame. The last one takes it away, and whoever had it reads it again.
const OPERATIONS: [FrameOperation; 5] = [
    FrameOperation::Find,
    FrameOperation::Age,
    FrameOperation::WriteProtect,
    FrameOperation::Migrate,
    FrameOperation::Unmap,
];

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    sharers: u64,
    windows: u64,
    rounds: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, sharers, windows, rounds] =
            ["pages", "sharers", "windows", "rounds"].map(|name| parameters.get(name));
        Self { pages, sharers, windows: windows.min(sharers), rounds }
    }

    /// Whether the page is inherited, and not mapped by each.
    const fn inherited(self) -> bool {
        self.windows == 0
    }

    /// Addresses in one process.
    fn per_process(self) -> u64 {
        self.windows.max(1)
    }

    fn processes(self) -> u64 {
        self.sharers.div_ceil(self.per_process())
    }

    /// Every address of the frame. A page between two windows keeps them apart.
    fn addresses(self) -> impl Iterator<Item = (Process, PageIndex)> + Clone {
        let per_process = self.per_process();
        (0..self.sharers).map(move |nth| {
            let (process, window) = (nth / per_process, nth % per_process);
            (Process(process as u16), HEAP.plus(window * (self.pages + 1)))
        })
    }

    fn inherit(self) -> impl Iterator<Item = Event> + Clone {
        start_with_heap(self.pages).chain(forks(self.sharers - 1))
    }

    fn map(self) -> impl Iterator<Item = Event> + Clone {
        let create =
            Event::CreateObject { object: SEGMENT, kind: ObjectKind::Segment, pages: self.pages };
        let spawn =
            (0..self.processes() as u16).map(|number| Event::Spawn { process: Process(number) });
        let open = move |(process, start)| {
            let range = PageRange { start, pages: self.pages };
            let map = map_shared(process, range, SEGMENT, 0);
            core::iter::once(map).chain(writes_at(process, start, 0..1))
        };
        core::iter::once(create).chain(spawn).chain(self.addresses().flat_map(open))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let shape = Shape::of(parameters);
    let Shape { pages, sharers, rounds, .. } = shape;
    let operations = OPERATIONS.len() as u64;
    Demand {
        // One more frame to move to; a VMA for each address, and what a scheme keeps for it.
        pages: pages + 1 + sharers.div_ceil(8),
        processes: shape.processes(),
        pages_per_process: shape.per_process() * (pages + 1),
        samples: 1 + pages + 2 * sharers + rounds * (operations + sharers),
        swap_slots: 1,
        objects: 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let inherit = shape.inherited().then(|| shape.inherit());
    let map = (!shape.inherited()).then(|| shape.map());
    let operations = OPERATIONS.into_iter().map(|operation| Event::OnFrame {
        operation,
        process: FIRST,
        page: HEAP,
    });
    let read = shape.addresses().flat_map(|(process, page)| reads_at(process, page, 0..1));
    let round = operations.chain(read);
    let start = inherit.into_iter().flatten().chain(map.into_iter().flatten());
    start.chain([WORK_BEGINS]).chain((0..shape.rounds).flat_map(move |_| round.clone()))
}
