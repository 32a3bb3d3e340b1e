//! `mass-exit`: a family goes: children that share a heap, of which each has written to a share, exit one after
//! the other, the newest first or the oldest first, as when a server is stopped. The cost of an exit while
//! many share is what counts, and how it changes as they become fewer.
//!
//! Hurts schemes that search for the mapping they take away: in a list without previous links the newest
//! is found at once, and the oldest last.

use super::{FIRST, forks, in_a_row, processes, start_with_heap, writes};
use crate::{Demand, Event, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 256,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children that share it",
        default: 16,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "share",
        summary: "pages that each child writes to, in a row, each child the next ones",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "order",
        summary: "0: the newest exits first; 1: the oldest",
        default: 1,
        min: 0,
        max: 1,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, share, _] = values(parameters);
    let written = children * share.min(pages);
    Demand {
        pages: pages + written,
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + pages + 2 * children + written + 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, share, order] = values(parameters);
    let write =
        move |child: Process| writes(child, in_a_row(u64::from(child.0 - 1) * share, share, pages));
    let leave = (1..=children as u16).map(move |nth| {
        let newest_first = Process(children as u16 + 1 - nth);
        Event::Exit { process: if order == 0 { newest_first } else { Process(nth) } }
    });
    start_with_heap(pages)
        .chain(forks(children))
        .chain(processes(children).flat_map(write))
        .chain(leave)
        .chain([Event::Exit { process: FIRST }])
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "children", "share", "order"].map(|name| parameters.get(name))
}
