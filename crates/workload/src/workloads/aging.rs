//! `aging`: memory is a little too small, and pages have to go. A process uses some of its pages often
//! and the others rarely. Some pages it shares with children, of which each looks at some: every shared
//! page has two users among its many heirs. In between, memory pressure picks pages to evict, and each
//! pick is compared with the true order of last use.
//!
//! It hurts a scheme that sees one page table at a time, for which a page is forgotten by each of its
//! heirs in turn while others still use it.

use vm::{Access, PageRange};

use super::{FIRST, HEAP, WORK_ENDS, exits, forks, map_private, start_with_heap, writes_at};
use crate::{Demand, Event, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec { name: "pages", summary: "pages in use", default: 1024, min: 4, max: 1 << 18 },
    ParameterSpec {
        name: "shared",
        summary: "percent of them that all children inherit",
        default: 50,
        min: 1,
        max: 99,
    },
    ParameterSpec { name: "children", summary: "children", default: 4, min: 1, max: 1 << 14 },
    ParameterSpec {
        name: "reclaims",
        summary: "times that memory runs short",
        default: 32,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "frames",
        summary: "frames that are wanted each time",
        default: 32,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "touches",
        summary: "accesses before each time",
        default: 512,
        min: 0,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "hot",
        summary: "percent of the pages that four of five accesses go to",
        default: 20,
        min: 1,
        max: 100,
    },
    ParameterSpec {
        name: "seed",
        summary: "decides who accesses which page when",
        default: 1,
        min: 0,
        max: u64::MAX,
    },
];

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    shared: u64,
    children: u64,
    reclaims: u64,
    frames: u32,
    touches: u64,
    hot: u64,
    seed: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let percent = |name, least| {
            let part = parameters.get("pages") * parameters.get(name) / 100;
            part.max(least)
        };
        Self {
            pages: parameters.get("pages"),
            shared: percent("shared", 1),
            children: parameters.get("children"),
            reclaims: parameters.get("reclaims"),
            frames: parameters.get("frames") as u32,
            touches: parameters.get("touches"),
            hot: percent("hot", 1),
            seed: parameters.get("seed"),
        }
    }

    /// Pages that the children do not have. A gap keeps them from becoming one area with the others.
    const fn own(self) -> PageRange {
        PageRange { start: HEAP.plus(self.shared + 1), pages: self.pages - self.shared }
    }

    /// An access by somebody who uses the page.
    fn access(self, random: &mut fastrand::Rng) -> Event {
        let page = if random.u8(..5) < 4 {
            // Hot pages are spread evenly over all.
            random.u64(..self.hot) * self.pages / self.hot
        } else {
            random.u64(..self.pages)
        };
        if page < self.shared {
            let process = if random.bool() { self.second_user(page) } else { FIRST };
            return Event::Touch { process, page: HEAP.plus(page), access: Access::Read };
        }
        let page = self.own().start.plus(page - self.shared);
        let access = if random.bool() { Access::Read } else { Access::Write };
        Event::Touch { process: FIRST, page, access }
    }

    /// The one child that looks at a shared page.
    const fn second_user(self, page: u64) -> Process {
        // Neighbours, and pages at regular distances, have different users.
        let scattered = page.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Process(1 + (scattered % self.children) as u16)
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let shape = Shape::of(parameters);
    Demand {
        pages: shape.pages,
        processes: shape.children + 1,
        pages_per_process: shape.pages + 1,
        samples: 2 + shape.pages + 2 * shape.children + shape.reclaims * (shape.touches + 1),
        swap_slots: shape.pages,
        watches_use: true,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let own = shape.own();
    let mut random = fastrand::Rng::with_seed(shape.seed);
    let round = shape.touches + 1;
    let life = (1..=shape.reclaims * round).map(move |number| {
        if number % round == 0 {
            Event::Reclaim { frames: shape.frames }
        } else {
            shape.access(&mut random)
        }
    });
    start_with_heap(shape.shared)
        .chain(forks(shape.children))
        .chain([map_private(FIRST, own)])
        .chain(writes_at(FIRST, own.start, 0..own.pages))
        .chain(life)
        .chain([WORK_ENDS])
        .chain(exits(shape.children))
}
