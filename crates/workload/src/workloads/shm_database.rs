//! `shm-database`: processes attach one shared memory segment, as a database's servers do, and each
//! writes to a share of it; then frames of it are looked for and moved, and the processes leave. An
//! attach may be a window of the segment only.

use rmap::PageIndex;
use vm::{Growth, ObjectKind, PageRange, PageSize, Protection};

use super::{FIRST, HEAP, WORK_BEGINS, WORK_ENDS, on_frame, spread, writes};
use crate::{
    Demand, Event, FrameOperation, Object, ParameterSpec, Parameters, Place, Process, Source,
};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the segment",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "attaches",
        summary: "processes that attach it",
        default: 16,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "windows",
        summary: "pieces in which each process attaches it, the last page first, so that no two become one",
        default: 1,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "touched",
        summary: "pages that each process writes to, spread evenly",
        default: 128,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames that are looked for",
        default: 64,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "moves",
        summary: "frames that are moved",
        default: 16,
        min: 0,
        max: 1 << 20,
    },
];

const SEGMENT: Object = Object(0);

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, attaches, windows, touched, finds, moves] = values(parameters);
    let touched = touched.min(pages);
    Demand {
        // A VMA for each window, and what a scheme keeps for it.
        pages: pages + (attaches * windows).div_ceil(16),
        processes: attaches,
        pages_per_process: pages,
        samples: attaches * (windows + touched + 1) + finds.min(touched) + moves.min(touched),
        objects: 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, attaches, windows, touched, finds, moves] = values(parameters);
    let windows = windows.min(pages);
    let servers = (0..attaches as u16).map(Process);
    let create = Event::CreateObject { object: SEGMENT, kind: ObjectKind::Segment, pages };
    let attach = move |process| {
        (0..windows).map(move |nth| {
            let (offset, end) = (nth * pages / windows, (nth + 1) * pages / windows);
            // From the last to the first, so that windows that are neighbours here are none there.
            attach(process, HEAP.plus(pages - end), offset, end - offset)
        })
    };
    // A page of the segment lies where its window lies, and so far into it.
    let place = move |page: u64| {
        let nth = ((page + 1) * windows).div_ceil(pages) - 1;
        let (offset, end) = (nth * pages / windows, (nth + 1) * pages / windows);
        pages - end + (page - offset)
    };
    let used = move |count| {
        spread(count, touched.min(pages)).map(move |nth| {
            place(spread(touched, pages).nth(nth as usize).expect("one of those that were touched"))
        })
    };
    let start = servers.clone().map(|process| Event::Spawn { process });
    start
        .chain([create])
        .chain(servers.clone().flat_map(attach))
        .chain(
            servers
                .clone()
                .flat_map(move |process| writes(process, spread(touched, pages).map(place))),
        )
        .chain([WORK_BEGINS])
        .chain(used(finds).map(|page| on_frame(FrameOperation::Find, FIRST, page)))
        .chain(used(moves).map(|page| on_frame(FrameOperation::Migrate, FIRST, page)))
        .chain([WORK_ENDS])
        .chain(servers.map(|process| Event::Exit { process }))
        .chain([Event::RemoveObject { object: SEGMENT }])
}

const fn attach(process: Process, start: PageIndex, offset: u64, pages: u64) -> Event {
    Event::Mmap {
        process,
        range: PageRange { start, pages },
        place: Place::Vacant,
        source: Source::SharedObject { object: SEGMENT, offset },
        protection: Protection::ReadWrite,
        page_size: PageSize::Small,
        growth: Growth::Fixed,
    }
}

fn values(parameters: &Parameters) -> [u64; 6] {
    ["pages", "attaches", "windows", "touched", "finds", "moves"].map(|name| parameters.get(name))
}
