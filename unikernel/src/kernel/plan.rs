//! Where the plan comes from: the wire, else the boot module, else the default.

use unikernel::boot_info::BootInfo;
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
    /// A plan.
    Plan(Plan),
}

impl Module {
    /// Looks at the boot module.
    pub fn read(info: &BootInfo) -> Self {
        match info.module().map(Plan::decode) {
            None => Self::Absent,
            Some(Err(_)) => Self::Undecodable,
            Some(Ok(plan)) => Self::Plan(plan),
        }
    }

    /// As a fact's value.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Undecodable => "undecodable",
            Self::Plan(_) => "plan",
        }
    }

    /// Whether a host is known to listen.
    pub const fn presence(&self) -> HostPresence {
        match self {
            Self::Plan(plan) => plan.host,
            Self::Absent | Self::Undecodable => HostPresence::Uncertain,
        }
    }

    /// What `Hello` says about it.
    pub const fn at_hand(&self) -> PlanAtHand {
        match self {
            Self::Plan(_) => PlanAtHand::Brought,
            Self::Absent | Self::Undecodable => PlanAtHand::DefaultOnly,
        }
    }
}

/// The plan to run, `None` for the default. A plan on the wire that cannot be decoded does not
/// count: the host has seen our schema key and knows better than to send one.
pub fn choose(greeting: Greeting<'_>, module: Module) -> Option<Plan> {
    if let Greeting::Plan(bytes) = greeting
        && let Ok(plan) = Plan::decode(bytes)
    {
        return Some(plan);
    }
    match module {
        Module::Plan(plan) => Some(plan),
        Module::Absent | Module::Undecodable => None,
    }
}
