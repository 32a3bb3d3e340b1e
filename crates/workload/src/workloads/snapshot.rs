//! `snapshot`: a process forks to have its memory as it is at one moment, as Redis does to save it: the
//! child reads the whole heap and exits, while the parent goes on and writes to a share of it, which it
//! copies page by page. Afterwards the parent has everything alone again, whether it knows or not.
//!
//! Hurts schemes that pay for each PTE at fork, which all of a large heap is for; and hints, which a
//! snapshot takes from the whole heap at once.
//!
//! Surveys: before the first fork, and in each snapshot before the child exits, and after the parent wrote
//! to some pages that it has alone again.

use super::{CHILD, FIRST, SURVEYS, reads, spread, start_with_heap, surveys, writes};
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "snapshots",
        summary: "snapshots, one after the other",
        default: 8,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "share",
        summary: "pages that the parent writes to while the child reads, spread evenly",
        default: 128,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "rewrites",
        summary: "pages that the parent writes to after each snapshot, spread evenly",
        default: 64,
        min: 0,
        max: 1 << 20,
    },
    SURVEYS,
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, snapshots, share, rewrites] = values(parameters);
    Demand {
        pages: pages + share.min(pages),
        processes: 2,
        pages_per_process: pages,
        samples: 1 + pages + snapshots * (2 + share.min(pages) + rewrites.min(pages)),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, snapshots, share, rewrites] = values(parameters);
    let survey = surveys(parameters);
    let share = share.min(pages);
    let steps = share.max(1);
    // The child goes up and the parent down, so that half of what is written has been read.
    let save = (0..steps).flat_map(move |nth| {
        let written = (nth < share).then(|| pages - 1 - nth * pages / share);
        let read = nth * pages / steps..(nth + 1) * pages / steps;
        writes(FIRST, written.into_iter()).chain(reads(CHILD, read))
    });
    let snapshot = [Event::Fork { parent: FIRST, child: CHILD }]
        .into_iter()
        .chain(save)
        .chain(survey.clone())
        .chain([Event::Exit { process: CHILD }])
        .chain(writes(FIRST, spread(rewrites, pages)))
        .chain(survey.clone());
    start_with_heap(pages).chain(survey).chain((0..snapshots).flat_map(move |_| snapshot.clone()))
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "snapshots", "share", "rewrites"].map(|name| parameters.get(name))
}
