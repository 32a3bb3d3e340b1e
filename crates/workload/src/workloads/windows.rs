//! `windows`: a process maps a file in thousands of small pieces, many of the same pages, as databases did on
//! machines whose addresses were too few for their memory. Then pages of the file are looked for,
//! write-protected to be cleaned, and cut off.
//!
//! Hurts schemes that find the pages of a file by its areas: with all of them in one list, each look passes
//! thousands, for which object-based reverse maps were turned down in 2003; in a tree ordered by offset, it
//! passes those that have the page.

use rmap::PageIndex;
use vm::{ObjectKind, PageRange};

use super::{FIRST, HEAP, WORK_BEGINS, WORK_ENDS, map_shared, spread, writes_at};
use crate::{Demand, Event, FrameOperation, Object, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the file",
        default: 64,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "windows",
        summary: "pieces that are mapped, each from one page further on, and round again",
        default: 512,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "span",
        summary: "pages of each piece",
        default: 2,
        min: 1,
        max: 1 << 10,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames that are looked for",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "protects",
        summary: "frames that are write-protected after that",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "cuts",
        summary: "times that the last page of the file is cut off",
        default: 16,
        min: 0,
        max: 1 << 20,
    },
];

const FILE: Object = Object(0);

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    windows: u64,
    span: u64,
    finds: u64,
    protects: u64,
    cuts: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, windows, span, finds, protects, cuts] =
            ["pages", "windows", "span", "finds", "protects", "cuts"]
                .map(|name| parameters.get(name));
        let (finds, protects) = (finds.min(windows), protects.min(windows));
        Self { pages, windows, span: span.min(pages), finds, protects, cuts: cuts.min(pages) }
    }

    /// Where a window is mapped. A page between two keeps them from becoming one area.
    const fn start(self, window: u64) -> PageIndex {
        HEAP.plus(window * (self.span + 1))
    }

    /// The file's page behind its first page.
    const fn offset(self, window: u64) -> u64 {
        window % (self.pages - self.span + 1)
    }

    fn open(self, window: u64) -> impl Iterator<Item = Event> + Clone {
        let range = PageRange { start: self.start(window), pages: self.span };
        [map_shared(FIRST, range, FILE, self.offset(window))].into_iter().chain(writes_at(
            FIRST,
            range.start,
            0..self.span,
        ))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let Shape { pages, windows, span, finds, protects, cuts } = Shape::of(parameters);
    Demand {
        // A VMA for each window, and what a scheme keeps for it.
        pages: pages + windows.div_ceil(8),
        processes: 1,
        pages_per_process: windows * (span + 1),
        samples: windows * (1 + span) + finds + protects + cuts + 1,
        objects: 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let Shape { pages, windows, finds, protects, cuts, .. } = shape;
    let each = move |operation, count| {
        spread(count, windows).map(move |window| Event::OnFrame {
            operation,
            process: FIRST,
            page: shape.start(window),
        })
    };
    let cut = move |nth| Event::TruncateObject { object: FILE, pages: pages - nth };
    [
        Event::Spawn { process: FIRST },
        Event::CreateObject { object: FILE, kind: ObjectKind::File, pages },
    ]
    .into_iter()
    .chain((0..windows).flat_map(move |window| shape.open(window)))
    .chain([WORK_BEGINS])
    .chain(each(FrameOperation::Find, finds))
    .chain(each(FrameOperation::WriteProtect, protects))
    .chain((1..=cuts).map(cut))
    .chain([WORK_ENDS])
    .chain([Event::Exit { process: FIRST }])
}
