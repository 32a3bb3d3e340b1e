//! `make`: a build: for each target `make` forks a shell, which execs and forks a compiler, which execs too,
//! does its work and exits, and the shell after it. As many targets are under way as there are jobs; the
//! oldest ends before the next begins.
//!
//! No process lives long, but at any moment pages are shared with somebody. Hurts hints, and schemes that
//! pay for each PTE at fork, of which half go to waste at the exec.

use super::{FIRST, Program, spread, start_with_heap, writes};
use crate::{Demand, Event, Object, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of make's heap",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "jobs",
        summary: "targets that are under way at once",
        default: 4,
        min: 1,
        max: 1 << 13,
    },
    ParameterSpec { name: "targets", summary: "targets in all", default: 12, min: 1, max: 1 << 20 },
    ParameterSpec {
        name: "touched",
        summary: "shared pages that each child writes to before its exec, and make after each target",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "text",
        summary: "pages of code that a shell or a compiler reads, each its own",
        default: 32,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "image",
        summary: "pages that a shell fills after its exec",
        default: 16,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "work",
        summary: "pages that a compiler fills after its exec",
        default: 96,
        min: 1,
        max: 1 << 20,
    },
];

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    jobs: u64,
    targets: u64,
    touched: u64,
    shell: Program,
    compiler: Program,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, jobs, targets, touched, text, image, work] =
            ["pages", "jobs", "targets", "touched", "text", "image", "work"]
                .map(|name| parameters.get(name));
        Self {
            pages,
            jobs,
            targets,
            touched,
            shell: Program { file: Object(0), text, image },
            compiler: Program { file: Object(1), text, image: work },
        }
    }

    /// The shell and the compiler of a target.
    const fn job(self, target: u64) -> [Process; 2] {
        let shell = 1 + 2 * (target % self.jobs) as u16;
        [Process(shell), Process(shell + 1)]
    }

    fn begin(self, target: u64) -> impl Iterator<Item = Event> + Clone {
        let [shell, compiler] = self.job(target);
        let touch = move |process, pages| writes(process, spread(self.touched, pages));
        [Event::Fork { parent: FIRST, child: shell }]
            .into_iter()
            .chain(touch(shell, self.pages))
            .chain(self.shell.start(shell))
            .chain([Event::Fork { parent: shell, child: compiler }])
            .chain(touch(compiler, self.shell.image))
            .chain(self.compiler.start(compiler))
    }

    fn end(self, target: u64) -> impl Iterator<Item = Event> + Clone {
        let [shell, compiler] = self.job(target);
        [Event::Exit { process: compiler }, Event::Exit { process: shell }]
            .into_iter()
            .chain(writes(FIRST, spread(self.touched, self.pages)))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let shape = Shape::of(parameters);
    let Shape { pages, jobs, targets, shell, compiler, .. } = shape;
    let (by_shell, by_compiler) = (shape.touched.min(pages), shape.touched.min(shell.image));
    // A shell's copies of make's pages are gone at its exec, make's own copies stay.
    let job = by_shell + shell.image + by_compiler + compiler.image;
    // Two forks and two exits, and what the programs do.
    let target = 4 + 2 * by_shell + by_compiler + shell.samples() + compiler.samples();
    Demand {
        pages: pages + by_shell + shell.text + compiler.text + jobs * job,
        // An exec makes the new space before it drops the old one.
        processes: 2 * jobs + 2,
        pages_per_process: pages.max(shell.span()).max(compiler.span()),
        samples: 1 + pages + targets * target,
        objects: 2,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let Shape { jobs, targets, .. } = shape;
    // Whoever was begun `jobs` targets ago ends before the next begins.
    let build = (0..targets + jobs).flat_map(move |now| {
        let ended = now.checked_sub(jobs).filter(|target| *target < targets);
        let begun = (now < targets).then_some(now);
        let ended = ended.into_iter().flat_map(move |target| shape.end(target));
        ended.chain(begun.into_iter().flat_map(move |target| shape.begin(target)))
    });
    [shape.shell.create(), shape.compiler.create()]
        .into_iter()
        .chain(start_with_heap(shape.pages))
        .chain(build)
}
