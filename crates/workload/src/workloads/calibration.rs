//! `calibration`: what the machine's primitives cost by themselves. Every other figure is read
//! against these.

use super::{FIRST, HEAP, start_with_heap};
use crate::event::Primitive;
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages mapped, whose PTEs the floor copies",
        default: 512,
        min: 2,
        max: 512,
    },
    ParameterSpec {
        name: "iterations",
        summary: "samples of each primitive",
        default: 64,
        min: 1,
        max: 1 << 20,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let (pages, iterations) = (parameters.get("pages"), parameters.get("iterations"));
    Demand {
        pages: pages + 1,
        processes: 1,
        pages_per_process: pages,
        samples: 1 + pages + iterations * Primitive::ALL.len() as u64,
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let (pages, iterations) = (parameters.get("pages"), parameters.get("iterations"));
    let primitives = (0..iterations).flat_map(|_| Primitive::ALL);
    let calibrate =
        primitives.map(|primitive| Event::Calibrate { primitive, process: FIRST, page: HEAP });
    start_with_heap(pages).chain(calibrate)
}
