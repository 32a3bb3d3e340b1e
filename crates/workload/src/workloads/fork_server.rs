//! `fork-server`: a fuzzer keeps a process at the point where its input would be read and forks it for each
//! input, thousands of times: the child touches a few pages and is gone. What fork and exit cost apart from
//! their pages is all that counts here.
//!
//! Hurts schemes that keep something for each process or area, and those that pay for each PTE at fork.

use super::{CHILD, FIRST, spread, start_with_heap, writes};
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the server's heap",
        default: 48,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "iterations",
        summary: "children, one after the other",
        default: 200,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "touched",
        summary: "pages that each child writes to, spread evenly",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, iterations, touched] = values(parameters);
    let touched = touched.min(pages);
    Demand {
        pages: pages + touched,
        processes: 2,
        pages_per_process: pages,
        samples: 1 + pages + iterations * (2 + touched),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, iterations, touched] = values(parameters);
    let child = [Event::Fork { parent: FIRST, child: CHILD }]
        .into_iter()
        .chain(writes(CHILD, spread(touched, pages)))
        .chain([Event::Exit { process: CHILD }]);
    start_with_heap(pages).chain((0..iterations).flat_map(move |_| child.clone()))
}

fn values(parameters: &Parameters) -> [u64; 3] {
    ["pages", "iterations", "touched"].map(|name| parameters.get(name))
}
