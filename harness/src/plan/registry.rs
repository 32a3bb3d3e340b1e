//! What can be named on the command line.

use std::borrow::Cow;
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

impl Kind {
    /// What else may stand where a name of this kind was expected.
    pub(super) const fn or_else(self) -> &'static str {
        match self {
            Self::Plan => ", or a file FILE.toml",
            Self::Scheme | Self::Workload | Self::Machine => "",
        }
    }
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As on the command line.
    pub name: &'static str,
    /// One line.
    pub summary: Cow<'static, str>,
}

fn entry(name: &'static str, summary: &'static str) -> Entry {
    Entry { name, summary: Cow::Borrowed(summary) }
}

/// Everything of a kind, in the registry's order.
pub fn entries(kind: Kind) -> Vec<Entry> {
    match kind {
        Kind::Scheme => {
            rmap::SchemeId::ALL.into_iter().map(|id| entry(id.name(), id.summary())).collect()
        }
        Kind::Workload => {
            workload::WorkloadId::ALL.into_iter().map(|id| entry(id.name(), id.summary())).collect()
        }
        Kind::Plan => PLANS
            .iter()
            .map(|plan| Entry { name: plan.name, summary: plan.draft().summary.into() })
            .collect(),
        Kind::Machine => Machine::ALL
            .into_iter()
            .map(|machine| entry(machine.name(), machine.summary()))
            .collect(),
    }
}
