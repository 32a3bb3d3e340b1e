//! What to run: plans in files, plans with names, and what the command line changes about them.

mod draft;
mod estimate;
mod file;
mod named;
mod registry;
mod selection;
mod verification;

pub use draft::{Draft, Work};
pub use estimate::Estimate;
pub use file::read as read_toml;
pub use named::{DEFAULT, NamedPlan, PLANS};
pub use registry::{Entry, Kind, entries};
pub use selection::{Selection, chosen_workload};
pub use verification::Verification;

use wire::{MAX_PLAN, Name, Plan};

/// A plan that cannot be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such thing.
    #[error("unknown {kind} `{name}`; there are: {}{}", .known.join(", "), .kind.or_else())]
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
    /// What should be skipped is not there.
    #[error("`{text}` is no pair of the plan; write --skip SCHEME/WORKLOAD, as cells are titled")]
    NoPair {
        /// As it was written.
        text: String,
    },
    /// The plan has no cell under a scheme that was asked for.
    #[error("plan `{plan}` does not run under `{name}`; it runs under: {}", .listed.join(", "))]
    NotInPlan {
        /// The plan.
        plan: String,
        /// The scheme.
        name: &'static str,
        /// The plan's own.
        listed: Vec<&'static str>,
    },
    /// The file of a plan cannot be read.
    #[error("cannot read the plan {file}: {why}")]
    Unreadable {
        /// As it was named.
        file: String,
        /// Why.
        why: String,
    },
    /// Something is wrong in the file of a plan.
    #[error("{file}: line {line}, column {column}: {what}")]
    InFile {
        /// As it was named.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong, and what would do.
        what: String,
    },
    /// More cells than a guest can put in order.
    #[error("the plan has {planned} cells and can have {most}; sweep fewer values")]
    TooManyCells {
        /// Cells of one round.
        planned: usize,
        /// As many can be.
        most: usize,
    },
    /// More than the wire carries.
    #[error(
        "the plan has more schemes, workloads or parameters than a guest takes ({}, {} and {}); split it",
        wire::MAX_SCHEMES,
        wire::MAX_WORKLOADS,
        wire::MAX_PARAMETERS
    )]
    TooLong,
}

/// The plan as the guest reads it, with the trace that it replays behind it.
pub fn encode(plan: &Plan, trace: &str) -> Vec<u8> {
    let mut room = [0; MAX_PLAN];
    let plan = plan.encode(&mut room).expect("MAX_PLAN suffices for every plan");
    [plan, trace.as_bytes()].concat()
}

/// A name on the wire.
fn name(text: &str) -> Name {
    text.try_into().expect("ids and names of plans fit a wire name")
}
