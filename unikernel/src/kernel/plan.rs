//! Where the plan comes from: the wire, else the boot module, else the default.

use core::num::NonZeroU16;

use runner::quick;
use unikernel::boot_info::BootModule;
use unikernel::options::Options;
use unikernel::plan_source::{PlanSource, plan_source};
use wire::guest::{Greeting, PlanAtHand};
use wire::{HostPresence, Plan};

use super::crash;
use super::memory::Memory;

/// What the boot module of the plan turned out to be.
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
    /// Looks at the boot module that `options` name, else at the first. Ends the run if the one that was
    /// asked for cannot be had: another would be no answer.
    pub fn find(options: &Options<'_>, modules: &[BootModule], memory: &Memory) -> Self {
        let module = match plan_source(options.plan, modules) {
            Ok(PlanSource::Module(number)) => Self::read(memory.module(number)),
            Ok(PlanSource::BuiltIn) => Self::Absent,
            Err(why) => crash::refuse(format_args!("{why}.")),
        };
        if let (Self::Undecodable, Some(name)) = (&module, options.plan) {
            crash::refuse(format_args!(
                "the plan {name} of this image is not of this kernel's version: make the image again."
            ));
        }
        module
    }

    fn read(module: Option<&'static [u8]>) -> Self {
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

/// The plan to run with the text of its trace. No trace travels over the wire. A plan on the wire that
/// cannot be decoded does not count: the host has seen our schema key and knows better than to send one.
/// The host's plan is as it wants it; any other obeys `options`.
pub fn choose(
    greeting: Greeting<'_>,
    module: Module,
    options: &Options<'_>,
) -> (Plan, &'static str) {
    if let Greeting::Plan(bytes) = greeting
        && let Ok(plan) = Plan::decode(bytes)
    {
        return (plan, "");
    }
    let (mut plan, trace) = match module {
        Module::Plan(plan, trace) => (plan, trace),
        Module::Absent | Module::Undecodable => (quick(HostPresence::Uncertain), ""),
    };
    plan.seed = options.seed.unwrap_or(plan.seed);
    plan.cpus = options.cpus.map_or(plan.cpus, NonZeroU16::get);
    (plan, trace)
}
