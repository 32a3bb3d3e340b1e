//! A whole plan on the modelled machine, as records.

use std::num::NonZeroU64;

use model::Model;
use runner::{Resolved, Sink, resolve, run};
use wire::{
    Activity, HostPresence, Name, Plan, Record, Refusal, SchemeSet, Trace, WhenIncomplete,
    Workloads,
};
use workload::{Sample, Scratch};

/// Each workload with one parameter of its own, under the schemes whose places are listed.
/// A workload, the schemes it runs under by their places, and its parameters.
type Listed<'a> = (&'a str, &'a [usize], &'a [(&'a str, u64)]);

fn plan_of(schemes: &[&str], workloads: &[Listed<'_>]) -> Plan {
    let name = |text: &&str| Name::try_from(*text).unwrap();
    let mut listed = Workloads::default();
    for (workload, places, parameters) in workloads {
        let set = places.iter().fold(SchemeSet::default(), |set, &place| set.with(place));
        listed.add(workload, set, parameters.iter().copied()).unwrap();
    }
    Plan {
        name: name(&"test"),
        activity: Activity::Measure,
        schemes: schemes.iter().map(name).collect(),
        workloads: listed,
        trace: None,
        rounds: 2,
        warm_up: 0,
        seed: 7,
        cpus: 1,
        when_incomplete: WhenIncomplete::Refuse,
        raw_samples: wire::RAW_SAMPLES,
        host: HostPresence::Certain,
    }
}

/// Every workload under every scheme.
fn plan(schemes: &[&str], workloads: &[&str]) -> Plan {
    let all: Vec<usize> = (0..schemes.len()).collect();
    let workloads: Vec<_> = workloads.iter().map(|&name| (name, &all[..], &[][..])).collect();
    plan_of(schemes, &workloads)
}

#[derive(Default)]
struct Tally {
    cells: Vec<(String, String, u16)>,
    samples: usize,
    failures: Vec<String>,
    bytes: usize,
    not_run: Vec<u32>,
    ended: usize,
    finished: bool,
}

impl Sink for Tally {
    type Error = ();

    fn record(&mut self, record: &Record<'_>) -> Result<(), ()> {
        assert!(!self.finished, "nothing follows the end");
        let mut room = [0; 2048];
        let encoded = wire_length(record, &mut room);
        assert!(encoded < 1700, "a record of {encoded} bytes is long to lose as one");
        self.bytes += encoded;
        match record {
            Record::CellStarted { round, scheme, workload, .. } => {
                self.cells.push((scheme.to_string(), workload.to_string(), *round));
            }
            Record::Samples { values, .. } => self.samples += wire::samples::decode(values).count(),
            Record::CellFinished { failure, .. } => {
                self.failures.extend(failure.map(ToString::to_string));
            }
            Record::CellNotRun { needed_mib, .. } => self.not_run.push(*needed_mib),
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

fn run_on_model(resolved: &Resolved<'_>) -> Tally {
    let sizes = resolved.scratch();
    let machine = Model::new(resolved.arena_frames() as u32);
    let scratch = Scratch {
        samples: &mut vec![Sample::default(); sizes.samples],
        counts: &mut vec![0; sizes.counts],
        processes: &mut vec![None; sizes.processes],
        objects: &mut vec![None; sizes.objects],
        last_use: &mut vec![0; sizes.last_use],
    };
    let mut tally = Tally::default();
    run(resolved, &machine, scratch, NonZeroU64::MIN, &mut tally).unwrap();
    tally
}

#[test]
fn every_scheme_meets_every_workload_in_every_round() {
    let plan = plan(&["scan", "pte-next"], &["calibration", "fork-exit", "fork-touch"]);
    let resolved = resolve(&plan, "").unwrap();
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
    assert!(resolve(&runner::quick(HostPresence::Uncertain), "").is_ok());
}

#[test]
fn names_that_do_not_exist_are_refused_by_name() {
    let refused = |plan: &Plan| match resolve(plan, "").unwrap_err() {
        Refusal::Unknown { what, name } => (what.to_string(), name.to_string()),
        other => panic!("all names are known: {other:?}"),
    };
    let told = refused(&plan(&["scan", "pte_next"], &[]));
    assert_eq!(told, ("scheme".into(), "pte_next".into()));
    let told = refused(&plan(&["scan"], &["fork"]));
    assert_eq!(told, ("workload".into(), "fork".into()));
    let odd = plan_of(&["scan"], &[("fork-exit", &[0], &[("pages", 0)])]);
    assert_eq!(refused(&odd), ("parameter value of".into(), "pages".into()));
}

#[test]
fn a_workload_runs_under_its_own_schemes_with_one_set_of_parameters_after_another() {
    let small: &[(&str, u64)] = &[("pages", 16), ("iterations", 1)];
    let large: &[(&str, u64)] = &[("pages", 32), ("iterations", 1)];
    let plan = plan_of(
        &["scan", "pte-next", "hint-exclusive"],
        &[("fork-exit", &[0, 1], small), ("fork-exit", &[1, 2], large)],
    );
    let resolved = resolve(&plan, "").unwrap();
    let cells: Vec<_> = resolved
        .cells()
        .map(|cell| (cell.scheme.name(), cell.events.parameters().next().unwrap()))
        .collect();
    let (small, large) = (("pages", 16), ("pages", 32));
    let expected =
        [("scan", small), ("pte-next", small), ("pte-next", large), ("hint-exclusive", large)];
    assert_eq!(cells, expected);
    assert_eq!(run_on_model(&resolved).cells.len(), 2 * 4);
}

#[test]
fn a_machine_larger_than_a_scheme_can_serve_is_refused() {
    let families = |children, places| {
        let parameters: &[(&str, u64)] = &[("pages", 1 << 20), ("children", children)];
        plan_of(&["scan", "pte-next", "pte-next:link=4"], &[("fork-exit", places, parameters)])
    };
    assert!(resolve(&families(1, &[0, 1, 2]), "").is_ok());
    // The page tables of this many processes take more than 32 GiB.
    let many = 1 << 14;
    match resolve(&families(many, &[0, 1, 2]), "").unwrap_err() {
        Refusal::Reach { scheme, needed_mib, most_mib } => {
            assert_eq!((scheme, most_mib), ("pte-next:link=4", 32 << 10));
            assert!(needed_mib > most_mib);
        }
        other => panic!("{other:?}"),
    }
    assert!(resolve(&families(many, &[0, 1]), "").is_ok());
}

#[test]
fn more_cells_than_can_be_put_in_order_are_refused() {
    let schemes = ["scan"; 32];
    let workloads = vec!["fork-exit"; 33];
    let plan = plan(&schemes, &workloads);
    assert_eq!(resolve(&plan, "").unwrap_err(), Refusal::Cells { planned: 1056, most: 1024 });
}

#[test]
fn a_cell_for_which_there_is_no_memory_does_not_run_and_the_others_do() {
    let small: &[(&str, u64)] = &[("pages", 16)];
    let large: &[(&str, u64)] = &[("pages", 1 << 16)];
    let plan = plan_of(&["scan"], &[("fork-exit", &[0], small), ("fork-exit", &[0], large)]);
    let [needed_by_small, needed_by_large] = {
        let resolved = resolve(&plan, "").unwrap();
        let mut frames: Vec<_> =
            resolved.cells().map(|cell| cell.demand().arena_frames()).collect();
        frames.sort_unstable();
        frames.try_into().expect("two cells")
    };
    let enough = resolve(&plan, "").unwrap().within(needed_by_large);
    assert_eq!(enough.arena_frames(), needed_by_large);

    let resolved = resolve(&plan, "").unwrap().within(needed_by_large - 1);
    assert_eq!(resolved.arena_frames(), needed_by_small);
    let tally = run_on_model(&resolved);
    assert_eq!(tally.failures, Vec::<String>::new());
    assert_eq!(tally.not_run, [needed_by_large.div_ceil(256) as u32; 2]);
    assert_eq!((tally.ended, tally.finished), (4, true));
    assert!(tally.samples > 0);
}

#[test]
fn a_trace_beyond_all_machines_is_counted_without_overflow() {
    let trace = Trace {
        schemes: SchemeSet::first(1),
        bytes: 0,
        events: u64::MAX,
        pages: u64::MAX,
        processes: u32::MAX,
        objects: u32::MAX,
        samples: u64::MAX,
        swap_slots: u32::MAX,
    };
    let (rounds, raw_samples) = (u16::MAX, u32::MAX);
    let named = plan(&["scan"], &[]);
    let largest = Plan { trace: Some(trace), rounds, raw_samples, ..named.clone() };
    assert!(matches!(resolve(&largest, ""), Err(Refusal::Reach { .. })));
    let fewer = Trace { processes: 1, objects: 0, swap_slots: 0, ..trace };
    let plan = Plan { trace: Some(fewer), ..largest };
    let resolved = resolve(&plan, "").expect("what `scan` could serve");
    assert!(resolved.machine_bytes() > 4 << 40, "no machine has so much");
}
