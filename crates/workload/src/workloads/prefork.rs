//! `prefork`: a server forks workers that share its heap and write, request after request, each to
//! pages of its own choice, as web servers and databases do. At the end the workers exit, and the
//! server writes to its whole heap step by step: whoever forgot who uses a page can learn it again only
//! from these writes.
//!
//! Surveys: before the forks, after them, after each round of requests (one request of every worker),
//! after the exits, and after each step of the server.

use super::{FIRST, SURVEYS, exits, forks, in_a_row, processes, start_with_heap, surveys, writes};
use crate::{Demand, Event, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the shared heap",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "workers",
        summary: "workers alive at once",
        default: 8,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "requests",
        summary: "requests that each worker serves",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "share",
        summary: "pages that a worker writes to for one request",
        default: 16,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "steps",
        summary: "steps in which the server writes to its whole heap at the end",
        default: 8,
        min: 1,
        max: 1 << 20,
    },
    SURVEYS,
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, workers, requests, share, _] = values(parameters);
    let written = requests * share.min(pages);
    Demand {
        pages: pages + workers * written.min(pages),
        processes: workers + 1,
        pages_per_process: pages,
        samples: 1 + pages + workers * (2 + written) + pages,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, workers, requests, share, steps] = values(parameters);
    let survey = surveys(parameters);
    let (after_round, after_step) = (survey.clone(), survey.clone());
    // The workers of one round write next to each other, and the next round goes on behind them.
    let serve = move |round, worker: Process| {
        let first = (round * workers + u64::from(worker.0) - 1) * share;
        writes(worker, in_a_row(first, share, pages))
    };
    let rounds = (0..requests).flat_map(move |round| {
        let served = processes(workers).flat_map(move |worker| serve(round, worker));
        served.chain(after_round.clone())
    });
    let recovery = (0..steps).flat_map(move |step| {
        let part = step * pages / steps..(step + 1) * pages / steps;
        writes(FIRST, part).chain(after_step.clone())
    });
    start_with_heap(pages)
        .chain(survey.clone())
        .chain(forks(workers))
        .chain(survey.clone())
        .chain(rounds)
        .chain(exits(workers))
        .chain(survey)
        .chain(recovery)
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "workers", "requests", "share", "steps"].map(|name| parameters.get(name))
}
