//! The plans that have a name, as files and in postcard, and one that brings a trace.

use harness::plan::{PLANS, encode};
use wire::{Plan, SchemeSet, Trace};

use super::{Seed, seed};

const TRACE: &str =
    "spawn 0\nmmap 0 0x10000+1 fixed private rw small\ntouch 0 0x10000 write\nexit 0\n";

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for named in &PLANS {
        let plan = named.draft().plan().expect("named plans fit the wire");
        seeds.push(seed(&format!("{}.toml", named.name), 0, named.content().as_bytes()));
        seeds.push(seed(named.name, 1, &encode(&plan, "")));
    }
    seeds.push(seed("trace", 1, &encode(&with_trace(SMALL), TRACE)));
    let most = Trace { pages: u64::MAX, samples: u64::MAX, ..SMALL };
    seeds.push(seed("trace-beyond-all-machines", 1, &encode(&with_trace(most), TRACE)));
    seeds
}

/// What [`TRACE`] needs.
const SMALL: Trace = Trace {
    schemes: SchemeSet::first(2),
    bytes: TRACE.len() as u32,
    events: 4,
    pages: 1,
    processes: 1,
    objects: 0,
    samples: 2,
    swap_slots: 0,
};

fn with_trace(trace: Trace) -> Plan {
    let quick = PLANS[0].draft().plan().expect("named plans fit the wire");
    Plan { trace: Some(trace), ..quick }
}
