//! What to run: named plans, and what the command line changes about them.

mod named;
mod registry;
mod selection;
mod verification;

pub use named::{DEFAULT, NamedPlan, PLANS};
pub use registry::{Entry, Kind, entries};
pub use selection::Selection;
pub use verification::Verification;

use wire::{MAX_PLAN, Plan};

/// A plan that cannot be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such thing.
    #[error("unknown {kind} `{name}`; there are: {}", .known.join(", "))]
    Unknown {
        /// What it should have been.
        kind: Kind,
        /// What was asked for.
        name: String,
        /// What exists.
        known: Vec<&'static str>,
    },
    /// A parameter of a workload that cannot be set so.
    #[error("workload `{workload}` cannot take `{setting}`; {why}")]
    Setting {
        /// The workload.
        workload: &'static str,
        /// As it was written.
        setting: String,
        /// What would do.
        why: String,
    },
    /// The same cell cannot be measured twice in a round; rounds are there for that.
    #[error("{kind} `{name}` is listed twice; name it once, and use --rounds to repeat cells")]
    Twice {
        /// What it is.
        kind: Kind,
        /// Which.
        name: String,
    },
}

/// The plan as the guest reads it.
pub fn encode(plan: &Plan) -> Vec<u8> {
    let mut room = [0; MAX_PLAN];
    plan.encode(&mut room).expect("MAX_PLAN suffices for every plan").to_vec()
}
