//! What can be named on the command line.

use std::fmt;

use super::PLANS;
use crate::cli::Machine;

/// A sort of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A reverse-mapping scheme.
    Scheme,
    /// A workload.
    Workload,
    /// A named plan.
    Plan,
    /// What a plan runs on.
    Machine,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "scheme",
            Self::Workload => "workload",
            Self::Plan => "plan",
            Self::Machine => "machine",
        })
    }
}

/// A name and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As on the command line.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
}

/// Everything of a kind, in the registry's order.
pub fn entries(kind: Kind) -> Vec<Entry> {
    match kind {
        Kind::Scheme => {
            let entry = |id: rmap::SchemeId| Entry { name: id.name(), summary: id.summary() };
            rmap::SchemeId::ALL.into_iter().map(entry).collect()
        }
        Kind::Workload => {
            let entry = |id: workload::WorkloadId| Entry { name: id.name(), summary: id.summary() };
            workload::WorkloadId::ALL.into_iter().map(entry).collect()
        }
        Kind::Plan => {
            PLANS.iter().map(|plan| Entry { name: plan.name, summary: plan.summary }).collect()
        }
        Kind::Machine => {
            let entry =
                |machine: Machine| Entry { name: machine.name(), summary: machine.summary() };
            Machine::ALL.into_iter().map(entry).collect()
        }
    }
}
