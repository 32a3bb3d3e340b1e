//! The default plan, which the host offers and a guest without any plan runs.

use rmap::SchemeId;
use wire::{Activity, HostPresence, Name, Plan, WhenIncomplete, WorkloadSpec};
use workload::WorkloadId;

/// Every scheme, every workload, three rounds: the fewest that show how rounds differ.
///
/// # Panics
/// If there are more schemes or workloads than a plan can list.
#[must_use]
pub fn quick(host: HostPresence) -> Plan {
    let name = |text| Name::try_from(text).expect("ids are short");
    let workload =
        |id: WorkloadId| WorkloadSpec { name: name(id.name()), parameters: heapless::Vec::new() };
    Plan {
        name: name("quick"),
        activity: Activity::Measure,
        schemes: SchemeId::ALL.into_iter().map(|id| name(id.name())).collect(),
        workloads: WorkloadId::ALL.into_iter().map(workload).collect(),
        rounds: 3,
        seed: 1,
        cpus: 1,
        when_incomplete: WhenIncomplete::Refuse,
        host,
    }
}
