//! `shell`: a shell runs short pipelines: it forks a process for each member, which writes to a few pages
//! that it still shares, execs a program of its own and fills it; when all of them have done their work,
//! all exit. Their code is one file, mapped by all, as that of a shell's tools is one library.
//!
//! Every page of the shell is shared by many for a moment, again and again, and every page of the code by
//! whoever runs. Hurts hints, and schemes that pay for each PTE at fork and exec.

use super::{FIRST, Program, exits, processes, spread, start_with_heap, writes};
use crate::{Demand, Event, Object, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the shell's heap",
        default: 256,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "members",
        summary: "most members of a pipeline: two in the first, one more in each, and two again",
        default: 4,
        min: 2,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "pipelines",
        summary: "pipelines, one after the other",
        default: 12,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "touched",
        summary: "shared pages that each member writes to before its exec, and the shell after each pipeline",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "text",
        summary: "pages of code that a member reads",
        default: 32,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "image",
        summary: "pages that each member fills after its exec",
        default: 32,
        min: 1,
        max: 1 << 20,
    },
];

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    members: u64,
    pipelines: u64,
    touched: u64,
    tool: Program,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, members, pipelines, touched, text, image] =
            ["pages", "members", "pipelines", "touched", "text", "image"]
                .map(|name| parameters.get(name));
        let tool = Program { file: Object(0), text, image };
        Self { pages, members, pipelines, touched: touched.min(pages), tool }
    }

    fn pipeline(self, nth: u64) -> impl Iterator<Item = Event> + Clone {
        let members = 2 + nth % (self.members - 1);
        let start = move |child| {
            [Event::Fork { parent: FIRST, child }]
                .into_iter()
                .chain(writes(child, spread(self.touched, self.pages)))
                .chain(self.tool.start(child))
        };
        processes(members)
            .flat_map(start)
            .chain(exits(members))
            .chain(writes(FIRST, spread(self.touched, self.pages)))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let Shape { pages, members, pipelines, touched, tool } = Shape::of(parameters);
    // Fork, what the program does, exit.
    let member = 2 + touched + tool.samples();
    Demand {
        pages: pages + tool.text + members * (touched + tool.image),
        // An exec makes the new space before it drops the old one.
        processes: members + 2,
        pages_per_process: pages.max(tool.span()),
        samples: 1 + pages + pipelines * (members * member + touched),
        objects: 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    [shape.tool.create()]
        .into_iter()
        .chain(start_with_heap(shape.pages))
        .chain((0..shape.pipelines).flat_map(move |nth| shape.pipeline(nth)))
}
