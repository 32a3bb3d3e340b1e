//! A trace in place of a workload.

use std::fmt::Write;

use model::Model;
use rmap::SchemeId;
use vm::WhenIncomplete;
use workload::trace::Line;
use workload::{
    COUNTS, CellFailure, Demand, EventError, EventSource, Op, Parameters, Scratch, Trace,
    WorkloadId, find_demand,
};

use super::{Outcome, cell_of, run};

/// The events of a workload with its defaults, as text, and how many.
fn written(workload: WorkloadId) -> (String, u64) {
    let parameters = Parameters::defaults(workload.parameters());
    let (mut text, mut events) = ("# what it is of\n".to_owned(), 0);
    let written = workload.for_each_event(&parameters, |event| {
        events += 1;
        writeln!(text, "{}", Line(&event))
    });
    written.expect("text has room");
    (text, events)
}

fn replay(scheme: SchemeId, (text, events): (&str, u64), demand: Demand) -> Outcome {
    run(&cell_of(scheme, EventSource::Trace(Trace { text, events, demand })))
}

/// What is found out under a scheme on a machine of 64 MiB.
fn found(scheme: SchemeId, text: &str) -> Demand {
    let trace = Trace { text, events: 0, demand: Demand::NOTHING };
    let numbers = Demand::numbers(trace.events());
    let scratch = Scratch {
        samples: &mut [],
        counts: &mut vec![0; COUNTS],
        processes: &mut vec![None; numbers.processes as usize],
        objects: &mut vec![None; numbers.objects as usize],
        last_use: &mut [],
    };
    let machine = Model::new(1 << 14);
    find_demand(scheme, WhenIncomplete::Refuse, trace.events(), &machine, scratch).expect("plenty")
}

/// What was timed, the work of each op, and the counts.
type Figures<'o> = (Vec<Op>, &'o [(Op, u64)], Vec<(&'static str, u64)>);

/// All but times.
fn figures(outcome: &Outcome) -> Figures<'_> {
    let ops = outcome.samples.iter().map(|sample| sample.op()).collect();
    let is_of_traces = |count: &&(&str, u64)| count.0 == "events_refused";
    let counts = outcome.counts.iter().filter(|count| !is_of_traces(count)).copied().collect();
    (ops, &outcome.work, counts)
}

#[test]
fn a_trace_of_any_workload_replays_to_the_figures_of_the_workload() {
    for workload in WorkloadId::ALL {
        let (text, events) = written(workload);
        let parameters = Parameters::defaults(workload.parameters());
        for scheme in [SchemeId::PteNext, SchemeId::AnonVmaChain] {
            let itself = run(&cell_of(scheme, EventSource::workload(workload, parameters)));
            let replayed = replay(scheme, (&text, events), workload.demand(&parameters));
            assert_eq!(replayed.failure, None, "{scheme} x {workload}");
            assert_eq!(replayed.count("events_refused"), 0, "{scheme} x {workload}");
            assert!(figures(&replayed) == figures(&itself), "{scheme} x {workload}");
            assert_eq!(replayed.surveys, itself.surveys, "{scheme} x {workload}");
        }
    }
}

#[test]
fn the_memory_that_a_trace_is_found_to_need_suffices() {
    for workload in WorkloadId::ALL {
        let (text, events) = written(workload);
        for scheme in [SchemeId::Scan, SchemeId::PteNextDouble, SchemeId::AnonVmaChain] {
            let demand = found(scheme, &text);
            let replayed = replay(scheme, (&text, events), demand);
            assert_eq!(replayed.failure, None, "{scheme} x {workload}");
            assert_eq!(replayed.count("events_refused"), 0, "{scheme} x {workload}");
            assert!(replayed.samples.len() as u64 <= demand.samples, "{scheme} x {workload}");
        }
    }
}

#[test]
fn an_event_that_makes_no_sense_is_counted_and_passed_over() {
    let text = "\
        spawn 0\n\
        spawn 0\n\
        exit 7\n\
        mmap 0 0x10000+16 fixed private rw small\n\
        touch 0 0x10005 write\n\
        touch 0 0x10010 write\n\
        touch 0 0xffffffffffffffff write\n\
        frame find 0 0x10006\n\
        frame find 0 0x10005\n\
        frame pin 0 0x10005\n";
    let demand = found(SchemeId::PteNext, text);
    assert_eq!(demand.samples, 3, "a mapping, a fault, a find");
    let outcome = replay(SchemeId::PteNext, (text, 10), demand);
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.count("events_refused"), 5);
    assert_eq!(outcome.samples(Op::Find), 1);
}

#[test]
fn memory_that_runs_out_ends_a_trace() {
    let touches = (65_536..67_536).map(|page| format!("touch 0 {page} write\n"));
    let text = format!(
        "spawn 0\nmmap 0 65536+2000 fixed private rw small\n{}",
        touches.collect::<Vec<_>>().concat()
    );
    let demand = Demand { processes: 1, samples: 2001, ..Demand::NOTHING };
    let outcome = replay(SchemeId::Scan, (&text, 2002), demand);
    assert_eq!(outcome.failure, Some(CellFailure::Event(EventError::OutOfMemory)));
}

#[test]
fn a_trace_is_known_by_how_many_events_it_has() {
    let source = EventSource::Trace(Trace { text: "", events: 7, demand: Demand::NOTHING });
    assert_eq!(source.name(), "trace");
    assert_eq!(source.parameters().collect::<Vec<_>>(), [("events", 7)]);
}
