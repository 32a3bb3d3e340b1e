//! The events of a file, under one scheme after another.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use rmap::SchemeId;
use runner::verify::{Engine, Explored, Script};
use workload::Event;

use super::finding::attempt;

/// What came of a trace under one scheme.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What happened.
    pub explored: Explored,
    /// How long it took.
    pub time: Duration,
}

/// Has `events` happen under `scheme` on the modelled machine, in the world of `seed`.
pub fn replay<E: Engine + Default>(
    scheme: SchemeId,
    seed: u64,
    events: &[Event],
    check_every: NonZeroU32,
) -> Replayed {
    let started = Instant::now();
    let explored =
        attempt::<E>(scheme, Script::List { seed, events }, check_every, &mut Vec::new());
    Replayed { explored, time: started.elapsed() }
}
