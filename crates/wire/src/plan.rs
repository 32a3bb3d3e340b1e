//! What to run: made by the host, executed by the guest.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// The most schemes, workloads or parameters that one plan can list.
pub const MAX_LISTED: usize = 24;

/// An id such as `pte-next` or `fork-exit`.
pub type Name = heapless::String<32>;

/// Every scheme x every workload x rounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Plan {
    /// The plan's name, `quick` for the default.
    pub name: Name,
    /// Scheme ids.
    pub schemes: heapless::Vec<Name, MAX_LISTED>,
    /// Workloads with the parameters that differ from their defaults.
    pub workloads: heapless::Vec<WorkloadSpec, MAX_LISTED>,
    /// How often each cell runs, at least 1.
    pub rounds: u16,
    /// Seeds the order of cells and every workload.
    pub seed: u64,
    /// CPUs that take part.
    pub cpus: u16,
    /// What an operation on a given frame does where the scheme cannot find every mapping.
    pub when_incomplete: WhenIncomplete,
    /// How long the guest waits for a host that does not answer.
    pub host: HostPresence,
}

/// One workload of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct WorkloadSpec {
    /// The workload's id.
    pub name: Name,
    /// Parameters that differ from the defaults.
    pub parameters: heapless::Vec<Parameter, 8>,
}

/// A named number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Parameter {
    /// The parameter's name.
    pub name: Name,
    /// Its value.
    pub value: u64,
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
