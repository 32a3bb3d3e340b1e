//! A whole plan on the modelled machine, as records.

use std::num::NonZeroU64;

use model::Model;
use runner::{Buffers, Resolved, Sink, resolve, run};
use wire::{Activity, HostPresence, Name, Plan, Record, Refusal, WhenIncomplete, WorkloadSpec};
use workload::Sample;

fn plan(schemes: &[&str], workloads: &[&str]) -> Plan {
    let name = |text: &&str| Name::try_from(*text).unwrap();
    Plan {
        name: name(&"test"),
        activity: Activity::Measure,
        schemes: schemes.iter().map(name).collect(),
        workloads: workloads
            .iter()
            .map(|text| WorkloadSpec { name: name(text), parameters: heapless::Vec::new() })
            .collect(),
        rounds: 2,
        seed: 7,
        cpus: 1,
        when_incomplete: WhenIncomplete::Refuse,
        host: HostPresence::Certain,
    }
}

#[derive(Default)]
struct Tally {
    cells: Vec<(String, String, u16)>,
    samples: usize,
    failures: Vec<String>,
    bytes: usize,
    ended: usize,
    finished: bool,
}

impl Sink for Tally {
    type Error = ();

    fn record(&mut self, record: &Record<'_>) -> Result<(), ()> {
        assert!(!self.finished, "nothing follows the end");
        let mut room = [0; 1024];
        let encoded = wire_length(record, &mut room);
        assert!(encoded < 500, "a record of {encoded} bytes does not fit a frame");
        self.bytes += encoded;
        match record {
            Record::CellStarted { round, scheme, workload, .. } => {
                self.cells.push((scheme.to_string(), workload.to_string(), *round));
            }
            Record::Samples { values, .. } => self.samples += wire::samples::decode(values).count(),
            Record::CellFinished { failure, .. } => {
                self.failures.extend(failure.map(ToString::to_string));
            }
            Record::RunFinished => self.finished = true,
            _ => {}
        }
        Ok(())
    }

    fn cell_ended(&mut self) {
        self.ended += 1;
    }
}

fn wire_length(record: &Record<'_>, room: &mut [u8]) -> usize {
    postcard::to_slice(record, room).expect("records are short").len()
}

fn run_on_model(resolved: &Resolved) -> Tally {
    let demand = resolved.demand();
    let machine = Model::new(resolved.arena_frames() as u32);
    let mut samples = vec![Sample::default(); demand.samples as usize];
    let mut processes = vec![None; demand.processes as usize];
    let mut objects = vec![None; demand.objects as usize];
    let mut last_use = vec![0; resolved.watched_frames() as usize];
    let buffers = Buffers {
        samples: &mut samples,
        processes: &mut processes,
        objects: &mut objects,
        last_use: &mut last_use,
    };
    let mut tally = Tally::default();
    run(resolved, &machine, buffers, NonZeroU64::MIN, &mut tally).unwrap();
    tally
}

#[test]
fn every_scheme_meets_every_workload_in_every_round() {
    let plan = plan(&["scan", "pte-next"], &["calibration", "fork-exit", "fork-touch"]);
    let resolved = resolve(&plan).unwrap();
    let tally = run_on_model(&resolved);
    assert_eq!(tally.failures, Vec::<String>::new());
    assert!(tally.finished);
    // Calibration once a round, two workloads under two schemes.
    assert_eq!(tally.cells.len(), 2 * 5);
    assert_eq!(tally.ended, 2 * 5);
    let mut distinct = tally.cells.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 2 * 5);
    assert!(tally.samples > 5000, "{} samples", tally.samples);
    assert!((tally.bytes as u64) < resolved.stream_bytes());
}

#[test]
fn the_default_plan_resolves() {
    assert!(resolve(&runner::quick(HostPresence::Uncertain)).is_ok());
}

#[test]
fn names_that_do_not_exist_are_refused_by_name() {
    let refused = |plan: &Plan| match resolve(plan).unwrap_err() {
        Refusal::Unknown { what, name } => (what.to_string(), name.to_string()),
        Refusal::Memory { .. } => panic!("memory was not asked for"),
    };
    let told = refused(&plan(&["scan", "pte_next"], &[]));
    assert_eq!(told, ("scheme".into(), "pte_next".into()));
    let told = refused(&plan(&["scan"], &["fork"]));
    assert_eq!(told, ("workload".into(), "fork".into()));
    let mut odd = plan(&["scan"], &["fork-exit"]);
    let name = Name::try_from("pages").unwrap();
    odd.workloads[0].parameters.push(wire::Parameter { name, value: 0 }).unwrap();
    assert_eq!(refused(&odd), ("parameter value of".into(), "pages".into()));
}
