//! A plan of random events.

use std::num::NonZeroU32;

use rmap::SchemeId;
use wire::{Activity, HostPresence, Plan, RAW_SAMPLES, WhenIncomplete, Workloads};

use super::selection::chosen_schemes;
use super::{PlanError, name};

/// What the command line says about it.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Scheme ids, all if there is no wish.
    pub schemes: Option<Vec<String>>,
    /// Events in total.
    pub events: u64,
    /// Decides the events.
    pub seed: u64,
    /// After how many events everything is checked.
    pub check_every: NonZeroU32,
}

impl Verification {
    /// The plan that comes of it.
    pub fn resolve(&self) -> Result<Plan, PlanError> {
        let schemes = match &self.schemes {
            Some(wanted) => chosen_schemes(wanted)?,
            None => SchemeId::ALL.into(),
        };
        Ok(Plan {
            name: name("verify"),
            activity: Activity::Verify { events: self.events, check_every: self.check_every.get() },
            schemes: schemes.into_iter().map(|id| name(id.name())).collect(),
            workloads: Workloads::default(),
            trace: None,
            rounds: 1,
            warm_up: 0,
            seed: self.seed,
            cpus: 1,
            // The engine chooses for each operation.
            when_incomplete: WhenIncomplete::Refuse,
            raw_samples: RAW_SAMPLES,
            host: HostPresence::Certain,
        })
    }
}
