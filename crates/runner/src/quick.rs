//! The default plan, which the host offers and a guest without any plan runs. The host reads the same
//! plan from a file.

use rmap::SchemeId;
use wire::{Activity, HostPresence, Name, Plan, RAW_SAMPLES, SchemeSet, WhenIncomplete, Workloads};
use workload::WorkloadId;

/// Few enough for a minute.
const WORKLOADS: [WorkloadId; 7] = [
    WorkloadId::Calibration,
    WorkloadId::ForkExit,
    WorkloadId::ForkTouch,
    WorkloadId::ForkExec,
    WorkloadId::Shell,
    WorkloadId::Snapshot,
    WorkloadId::EvictShared,
];

/// Every scheme, three rounds: the fewest that show how rounds differ.
///
/// # Panics
/// If there are more schemes than a plan can list.
#[must_use]
pub fn quick(host: HostPresence) -> Plan {
    let name = |text| Name::try_from(text).expect("ids are short");
    let mut workloads = Workloads::default();
    for workload in WORKLOADS {
        let schemes = match workload {
            // It says nothing of schemes.
            WorkloadId::Calibration => SchemeSet::first(1),
            _ => SchemeSet::first(SchemeId::ALL.len()),
        };
        workloads.add(workload.name(), schemes, []).expect("a plan lists more");
    }
    Plan {
        name: name("quick"),
        activity: Activity::Measure,
        schemes: SchemeId::ALL.into_iter().map(|id| name(id.name())).collect(),
        workloads,
        trace: None,
        rounds: 3,
        warm_up: 0,
        seed: 1,
        cpus: 1,
        when_incomplete: WhenIncomplete::Refuse,
        raw_samples: RAW_SAMPLES,
        host,
    }
}
