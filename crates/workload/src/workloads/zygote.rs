//! `zygote`: one process loads what every app needs, a heap and libraries, and each app is a fork of it
//! that never execs, as on Android. An app looks at some of the libraries, writes to a share of the heap
//! and stays, until another one takes its place: which one goes has nothing to do with which came first.
//!
//! Most pages are shared by all apps for good. Hurts hints, and schemes whose cost of a find or an exit
//! grows with the number of those who share.
//!
//! Surveys: before the first fork, and after each app has started.

use vm::{ObjectKind, PageRange, Protection};

use super::{
    FIRST, SURVEYS, TEXT, WORK_ENDS, exits, in_a_row, map_file, reads_at, spread, start_with_heap,
    surveys, writes,
};
use crate::{Demand, Event, Object, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the zygote's heap",
        default: 384,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "text",
        summary: "pages of libraries, which the zygote has all looked at",
        default: 128,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec { name: "apps", summary: "apps alive at once", default: 8, min: 1, max: 1 << 14 },
    ParameterSpec {
        name: "starts",
        summary: "apps that are started in all",
        default: 20,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "share",
        summary: "pages of the heap that each app writes to, in a row, each app the next ones",
        default: 48,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "touched",
        summary: "pages of libraries that each app looks at, spread evenly",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "seed",
        summary: "decides which app goes",
        default: 1,
        min: 0,
        max: u64::MAX,
    },
    SURVEYS,
];

const LIBRARIES: Object = Object(0);

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    text: u64,
    apps: u64,
    starts: u64,
    share: u64,
    touched: u64,
    seed: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, text, apps, starts, share, touched, seed] =
            ["pages", "text", "apps", "starts", "share", "touched", "seed"]
                .map(|name| parameters.get(name));
        Self { pages, text, apps: apps.min(starts), starts, share, touched, seed }
    }

    fn start(self, nth: u64, app: Process) -> impl Iterator<Item = Event> + Clone {
        [Event::Fork { parent: FIRST, child: app }]
            .into_iter()
            .chain(reads_at(app, TEXT, spread(self.touched, self.text)))
            .chain(writes(app, in_a_row(nth * self.share, self.share, self.pages)))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let Shape { pages, text, apps, starts, share, touched, .. } = Shape::of(parameters);
    let (share, touched) = (share.min(pages), touched.min(text));
    Demand {
        pages: pages + text + apps * share,
        processes: apps + 1,
        // Heap and libraries have tables, and a directory, of their own.
        pages_per_process: pages + text + 2 * rmap::SLOTS_PER_TABLE as u64,
        samples: 2 + pages + text + starts * (2 + touched + share),
        objects: 1,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let Shape { pages, text, apps, starts, .. } = shape;
    let survey = surveys(parameters);
    let after_start = survey.clone();
    let mut random = fastrand::Rng::with_seed(shape.seed);
    let life = (0..starts).flat_map(move |nth| {
        let full = nth >= apps;
        let app = Process(1 + if full { random.u64(..apps) } else { nth } as u16);
        let gone = full.then_some(Event::Exit { process: app });
        gone.into_iter().chain(shape.start(nth, app)).chain(after_start.clone())
    });
    let libraries = PageRange { start: TEXT, pages: text };
    [Event::CreateObject { object: LIBRARIES, kind: ObjectKind::File, pages: text }]
        .into_iter()
        .chain(start_with_heap(pages))
        .chain([map_file(FIRST, libraries, LIBRARIES, Protection::ReadOnly)])
        .chain(reads_at(FIRST, TEXT, 0..text))
        .chain(survey)
        .chain(life)
        .chain([WORK_ENDS])
        .chain(exits(apps))
}
