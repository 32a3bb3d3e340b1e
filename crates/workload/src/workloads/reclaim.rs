//! `reclaim`: a family that is larger than the memory it gets: in each step frames are taken from it, and
//! then its members use their pages again, some of which come back from swap. More is taken at first than
//! comes back, until as many pages come back as are taken.
//!
//! Hurts schemes that search long for the users of a page that is to go, and those that know too few of
//! them, for which it goes from one table at a time.

use vm::Access;

use super::{FIRST, HEAP, WORK_ENDS, exits, forks, in_a_row, processes, start_with_heap, writes};
use crate::{Demand, Event, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the shared heap",
        default: 256,
        min: 1,
        max: 1 << 18,
    },
    ParameterSpec {
        name: "children",
        summary: "children that share it",
        default: 4,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "share",
        summary: "pages of it that each process writes to, in a row; it only reads the others",
        default: 32,
        min: 0,
        max: 1 << 18,
    },
    ParameterSpec {
        name: "reclaims",
        summary: "times that memory runs short",
        default: 16,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "frames",
        summary: "frames that are wanted each time",
        default: 48,
        min: 1,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "touches",
        summary: "accesses after each time",
        default: 128,
        min: 0,
        max: 1 << 16,
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
    children: u64,
    share: u64,
    reclaims: u64,
    frames: u32,
    touches: u64,
    seed: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let [pages, children, share, reclaims, frames, touches, seed] =
            ["pages", "children", "share", "reclaims", "frames", "touches", "seed"]
                .map(|name| parameters.get(name));
        let (share, frames) = (share.min(pages), frames as u32);
        Self { pages, children, share, reclaims, frames, touches, seed }
    }

    /// The pages that only `process` writes to, if there are enough for all.
    fn own(self, process: Process) -> impl Iterator<Item = u64> + Clone {
        in_a_row(u64::from(process.0) * self.share, self.share, self.pages)
    }

    /// Every second access is to a page of one's own, if one has any, and every second of those a write.
    fn access(self, random: &mut fastrand::Rng) -> Event {
        let process = Process(random.u16(..=self.children as u16));
        let own = self.share > 0 && random.bool();
        let (page, access) = if own {
            let nth = random.u64(..self.share);
            let page = (u64::from(process.0) * self.share + nth) % self.pages;
            (page, if random.bool() { Access::Write } else { Access::Read })
        } else {
            (random.u64(..self.pages), Access::Read)
        };
        Event::Touch { process, page: HEAP.plus(page), access }
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let Shape { pages, children, share, reclaims, touches, .. } = Shape::of(parameters);
    let family = pages + (children + 1) * share;
    Demand {
        pages: family,
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + family + 2 * children + reclaims * (1 + touches),
        swap_slots: family,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let mut random = fastrand::Rng::with_seed(shape.seed);
    let round = shape.touches + 1;
    let life = (0..shape.reclaims * round).map(move |number| {
        if number.is_multiple_of(round) {
            Event::Reclaim { frames: shape.frames }
        } else {
            shape.access(&mut random)
        }
    });
    start_with_heap(shape.pages)
        .chain(forks(shape.children))
        .chain(
            core::iter::once(FIRST)
                .chain(processes(shape.children))
                .flat_map(move |process| writes(process, shape.own(process))),
        )
        .chain(life)
        .chain([WORK_ENDS])
        .chain(exits(shape.children))
}
