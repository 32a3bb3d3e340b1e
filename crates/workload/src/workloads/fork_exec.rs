//! `fork-exec`: a process with a heap starts one program after the other, as a shell or a build does:
//! it forks, the child writes to a few pages that it still shares, execs, fills an image of its own and
//! exits; the parent then writes to some pages of its heap. Every page is shared at least for a short
//! while every once in a while, which is what the mail of 1998 feared for a hint of unshared pages.
//!
//! Surveys: before the first fork, and at the end of every generation.

use vm::PageRange;

use super::{CHILD, FIRST, HEAP, SURVEYS};
use super::{map_private, spread, start_with_heap, surveys, writes};
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the parent's heap",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "image",
        summary: "pages that each child fills after its exec",
        default: 64,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "generations",
        summary: "children, one after the other",
        default: 16,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "touched",
        summary: "shared pages that each child writes to before its exec",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "rewrites",
        summary: "pages that the parent writes to after each child",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    SURVEYS,
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, image, generations, touched, rewrites] = values(parameters);
    // Fork, exec, mapping of the image, exit.
    let generation = 4 + touched.min(pages) + image + rewrites.min(pages);
    Demand {
        pages: pages + touched.min(pages) + image,
        // An exec makes the new space before it drops the old one.
        processes: 3,
        pages_per_process: pages.max(image),
        samples: 1 + pages + generations * generation,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, image, generations, touched, rewrites] = values(parameters);
    let survey = surveys(parameters);
    let generation = [Event::Fork { parent: FIRST, child: CHILD }]
        .into_iter()
        .chain(writes(CHILD, spread(touched, pages)))
        .chain([
            Event::Exec { process: CHILD },
            map_private(CHILD, PageRange { start: HEAP, pages: image }),
        ])
        .chain(writes(CHILD, 0..image))
        .chain([Event::Exit { process: CHILD }])
        .chain(writes(FIRST, spread(rewrites, pages)))
        .chain(survey.clone());
    start_with_heap(pages)
        .chain(survey)
        .chain((0..generations).flat_map(move |_| generation.clone()))
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "image", "generations", "touched", "rewrites"].map(|name| parameters.get(name))
}
