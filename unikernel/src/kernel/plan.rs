//! Where the plan comes from: the wire, else the boot module, else the default.

use wire::guest::{Greeting, PlanAtHand};
use wire::{HostPresence, Plan};

/// What the boot module turned out to be.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one exists, and there is no heap")]
pub enum Module {
    /// There is none.
    Absent,
    /// It is no plan of this version; the host will see that from `Hello`.
    Undecodable,
    /// A plan, and the text of its trace, empty if it has none.
    Plan(Plan, &'static str),
}

impl Module {
    /// Looks at the boot module.
    pub fn read(module: Option<&'static [u8]>) -> Self {
        match module.map(Plan::decode_with_trace) {
            None => Self::Absent,
            Some(Err(_)) => Self::Undecodable,
            Some(Ok((plan, trace))) => Self::Plan(plan, trace),
        }
    }

    /// As a fact's value.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Undecodable => "undecodable",
            Self::Plan(..) => "plan",
        }
    }

    /// Whether a host is known to listen.
    pub const fn presence(&self) -> HostPresence {
        match self {
            Self::Plan(plan, _) => plan.host,
            Self::Absent | Self::Undecodable => HostPresence::Uncertain,
        }
    }

    /// What `Hello` says about it.
    pub const fn at_hand(&self) -> PlanAtHand {
        match self {
            Self::Plan(..) => PlanAtHand::Brought,
            Self::Absent | Self::Undecodable => PlanAtHand::DefaultOnly,
        }
    }
}

/// The plan to run with the text of its trace, `None` for the default. No trace travels over the wire. A plan on the wire that cannot be decoded does not
/// count: the host has seen our schema key and knows better than to send one.
pub fn choose(greeting: Greeting<'_>, module: Module) -> Option<(Plan, &'static str)> {
    if let Greeting::Plan(bytes) = greeting
        && let Ok(plan) = Plan::decode(bytes)
    {
        return Some((plan, ""));
    }
    match module {
        Module::Plan(plan, trace) => Some((plan, trace)),
        Module::Absent | Module::Undecodable => None,
    }
}
