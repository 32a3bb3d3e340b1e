//! What to run: made by the host, executed by the guest.

mod trace;
mod workloads;

pub use trace::Trace;
pub use workloads::{
    Full, MAX_PARAMETERS, MAX_WORDS, MAX_WORKLOADS, SchemeSet, Workload, Workloads,
};

use core::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// The most schemes of a plan.
pub const MAX_SCHEMES: usize = 32;

/// The most bytes that a plan takes in postcard: all lists and every name at their longest come
/// to less than 12 KB.
pub const MAX_PLAN: usize = 12 * 1024;

/// Raw samples that are kept of one cell where nobody says otherwise.
pub const RAW_SAMPLES: u32 = 1 << 16;

/// An id such as `fork-exit`, or with an option `pte-next:link=4`.
pub type Name = heapless::String<32>;

/// What to do, with which schemes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Plan {
    /// The plan's name, `quick` for the default.
    pub name: Name,
    /// What is done with the schemes.
    pub activity: Activity,
    /// Scheme ids.
    pub schemes: heapless::Vec<Name, MAX_SCHEMES>,
    /// What runs under them.
    pub workloads: Workloads,
    /// What is replayed beside them.
    pub trace: Option<Trace>,
    /// How often each cell runs and counts, at least 1.
    pub rounds: u16,
    /// Rounds before those, in which caches and branch predictors warm up: told, and not counted.
    pub warm_up: u16,
    /// Seeds the order of cells, every workload and random events.
    pub seed: u64,
    /// CPUs that take part.
    pub cpus: u16,
    /// What an operation on a given frame does where the scheme cannot find every mapping.
    pub when_incomplete: WhenIncomplete,
    /// Raw samples of one cell that are kept and told, beside the histograms that count all of them.
    pub raw_samples: u32,
    /// How long the guest waits for a host that does not answer.
    pub host: HostPresence,
}

/// What a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Activity {
    /// Every workload under each of its schemes, as often as there are rounds, timed.
    Measure,
    /// Random events under every scheme, compared with what they should do; workloads and rounds
    /// mean nothing.
    Verify {
        /// How many, shared evenly by the schemes.
        events: u64,
        /// After how many events everything is checked against the oracle, at least 1.
        check_every: u32,
    },
}

/// Why bytes are no plan, or a plan no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The bytes were not written by [`Plan::encode`] of this schema key.
    Undecodable,
    /// The room is smaller than the plan; [`MAX_PLAN`] always suffices.
    NoRoom,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undecodable => "the bytes are no plan of this version",
            Self::NoRoom => "the plan takes more bytes than there is room for",
        })
    }
}

impl core::error::Error for PlanError {}

impl Plan {
    /// Reads a plan from a boot module or the wire.
    ///
    /// # Errors
    /// The bytes are no plan of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PlanError> {
        Self::take(bytes).map(|(plan, _)| plan)
    }

    /// Reads a plan and the trace that follows it in a boot module, empty if the plan has none.
    ///
    /// # Errors
    /// The bytes are no plan of this version, or the trace is not there.
    pub fn decode_with_trace(bytes: &[u8]) -> Result<(Self, &str), PlanError> {
        let (plan, rest) = Self::take(bytes)?;
        let follows = plan.trace.map_or(0, |trace| trace.bytes as usize);
        let trace = rest.get(..follows).and_then(|trace| str::from_utf8(trace).ok());
        Ok((plan, trace.ok_or(PlanError::Undecodable)?))
    }

    /// A plan and what follows it.
    fn take(bytes: &[u8]) -> Result<(Self, &[u8]), PlanError> {
        let taken = postcard::take_from_bytes::<Self>(bytes).ok();
        taken.filter(|(plan, _)| plan.workloads.is_sound()).ok_or(PlanError::Undecodable)
    }

    /// Writes the plan to the start of `room`.
    ///
    /// # Errors
    /// `room` is too small.
    pub fn encode<'r>(&self, room: &'r mut [u8]) -> Result<&'r [u8], PlanError> {
        postcard::to_slice(self, room).map(|bytes| &*bytes).map_err(|_| PlanError::NoRoom)
    }
}

/// What to do where a scheme answers *partial* or *unknown*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum WhenIncomplete {
    /// Leave the frame alone and count a refusal.
    Refuse,
    /// Walk all page tables instead.
    Scan,
}

/// Whether somebody is known to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum HostPresence {
    /// The host tool started the guest: wait for it without limit.
    Certain,
    /// Perhaps nobody listens: after a while, run alone.
    Uncertain,
}

#[cfg(test)]
mod tests {
    use super::{
        Activity, HostPresence, MAX_PARAMETERS, MAX_PLAN, MAX_SCHEMES, MAX_WORDS, MAX_WORKLOADS,
        Name, Plan, PlanError, SchemeSet, Trace, WhenIncomplete, Workloads,
    };

    fn word(number: usize) -> String {
        format!("{number:x<32}")
    }

    fn most_workloads() -> Workloads {
        let mut workloads = Workloads::default();
        let each = MAX_PARAMETERS / MAX_WORKLOADS;
        let parameters: Vec<String> = (1..MAX_WORDS).map(word).collect();
        for workload in 0..MAX_WORKLOADS {
            let first = workload * each % (MAX_WORDS - each);
            let some = parameters[first..first + each].iter();
            let settings = some.map(|name| (name.as_str(), u64::MAX));
            workloads.add(&word(0), SchemeSet::first(MAX_SCHEMES), settings).expect("room");
        }
        workloads
    }

    const LONGEST_TRACE: Trace = Trace {
        schemes: SchemeSet::first(MAX_SCHEMES),
        bytes: u32::MAX,
        events: u64::MAX,
        pages: u64::MAX,
        processes: u32::MAX,
        objects: u32::MAX,
        samples: u64::MAX,
        swap_slots: u32::MAX,
    };

    fn longest() -> Plan {
        let name = Name::try_from(word(0).as_str()).expect("a name of the longest");
        Plan {
            name: name.clone(),
            activity: Activity::Verify { events: u64::MAX, check_every: u32::MAX },
            schemes: core::iter::repeat_n(name, MAX_SCHEMES).collect(),
            workloads: most_workloads(),
            trace: Some(LONGEST_TRACE),
            rounds: u16::MAX,
            warm_up: u16::MAX,
            seed: u64::MAX,
            cpus: u16::MAX,
            when_incomplete: WhenIncomplete::Scan,
            raw_samples: u32::MAX,
            host: HostPresence::Uncertain,
        }
    }

    #[test]
    fn the_longest_plan_fits_and_survives() {
        let mut room = [0; MAX_PLAN];
        let bytes = longest().encode(&mut room).expect("MAX_PLAN suffices");
        assert_eq!(Plan::decode(bytes), Ok(longest()));
    }

    #[test]
    fn a_plan_that_does_not_fit_is_refused() {
        assert_eq!(longest().encode(&mut [0; 100]), Err(PlanError::NoRoom));
    }

    #[test]
    fn a_trace_follows_its_plan() {
        let text = "spawn 0\nexit 0\n";
        let trace = Trace { bytes: text.len() as u32, ..LONGEST_TRACE };
        let plan = Plan { trace: Some(trace), ..longest() };
        let mut room = [0; MAX_PLAN];
        let mut module = plan.encode(&mut room).expect("MAX_PLAN suffices").to_vec();
        module.extend_from_slice(text.as_bytes());
        assert_eq!(Plan::decode_with_trace(&module), Ok((plan, text)));
        module.pop();
        assert_eq!(Plan::decode_with_trace(&module), Err(PlanError::Undecodable));
    }

    #[test]
    fn half_a_plan_is_no_plan() {
        let mut room = [0; MAX_PLAN];
        let bytes = longest().encode(&mut room).expect("MAX_PLAN suffices");
        assert_eq!(Plan::decode(&bytes[..bytes.len() / 2]), Err(PlanError::Undecodable));
    }
}
