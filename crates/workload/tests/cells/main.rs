//! Whole cells on the modelled machine, and what theory says of them.

mod traces;

use std::num::NonZeroU64;

use model::Model;
use rmap::SchemeId;
use vm::{Survey, WhenIncomplete};
use workload::{
    COUNTS, Cell, CellFailure, EventSource, Op, ParameterSpec, Parameters, Sample, Scratch,
    WorkloadId, run_cell,
};

/// Parameters that say how often the same happens.
const REPEATS: [&str; 10] = [
    "iterations",
    "reclaims",
    "generations",
    "requests",
    "rounds",
    "snapshots",
    "steps",
    "pipelines",
    "targets",
    "starts",
];

/// What a cell left behind, by name.
struct Outcome {
    samples: Vec<Sample>,
    work: Vec<(Op, u64)>,
    counts: Vec<(&'static str, u64)>,
    surveys: Vec<Survey>,
    failure: Option<CellFailure>,
}

impl Outcome {
    fn count(&self, name: &str) -> u64 {
        self.counts.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn samples(&self, op: Op) -> u64 {
        self.samples.iter().filter(|sample| sample.op() == op).count() as u64
    }

    fn work(&self, op: Op) -> u64 {
        self.work.iter().find(|(known, _)| *known == op).unwrap().1
    }
}

fn cell(scheme: SchemeId, workload: WorkloadId, changes: &[(&str, u64)]) -> Cell<'static> {
    let mut parameters = Parameters::defaults(workload.parameters());
    for (name, value) in changes {
        parameters.set(name, *value).unwrap();
    }
    cell_of(scheme, EventSource::workload(workload, parameters))
}

const fn cell_of(scheme: SchemeId, events: EventSource<'_>) -> Cell<'_> {
    Cell { scheme, events, when_incomplete: WhenIncomplete::Refuse }
}

fn run(cell: &Cell<'_>) -> Outcome {
    let demand = cell.demand();
    let machine = Model::new(demand.arena_frames() as u32);
    let scratch = Scratch {
        samples: &mut vec![Sample::default(); demand.samples as usize],
        counts: &mut vec![0; COUNTS],
        processes: &mut vec![None; demand.processes as usize],
        objects: &mut vec![None; demand.objects as usize],
        last_use: &mut vec![0; demand.arena_frames() as usize],
    };
    let report = run_cell(cell, &machine, NonZeroU64::MIN, scratch);
    assert_eq!(machine.stale_uses(), []);
    Outcome {
        samples: report.recorder.samples().to_vec(),
        work: Op::ALL.map(|op| (op, report.recorder.work(op))).to_vec(),
        counts: report
            .counts
            .iter()
            .map(|count| (count.name, count.value))
            .chain(report.recorder.outcomes())
            .collect(),
        surveys: report.recorder.surveys().to_vec(),
        failure: report.failure,
    }
}

#[test]
fn every_cell_fits_its_demand_and_passes_its_check() {
    for scheme in SchemeId::ALL {
        for workload in WorkloadId::ALL {
            let cell = cell(scheme, workload, &[]);
            let outcome = run(&cell);
            assert_eq!(outcome.failure, None, "{scheme} x {workload}");
            let taken = outcome.samples.len() as u64;
            let foreseen = cell.demand().samples;
            assert!(taken <= foreseen, "{scheme} x {workload}: {taken} of {foreseen} samples");
        }
    }
}

#[test]
fn demand_holds_at_the_ends_of_every_parameter() {
    for workload in WorkloadId::ALL {
        for spec in workload.parameters() {
            for value in [spec.min, spec.max.min(600)] {
                // Few rounds keep the test short; the parameter under test comes last and wins.
                let repeats = |spec: &&ParameterSpec| REPEATS.contains(&spec.name);
                let few = workload.parameters().iter().filter(repeats);
                let few = few.map(|spec| (spec.name, 2));
                let changes: Vec<_> = few.chain([(spec.name, value)]).collect();
                for scheme in [SchemeId::Scan, SchemeId::PteNextDouble, SchemeId::AnonVmaChain] {
                    let outcome = run(&cell(scheme, workload, &changes));
                    assert_eq!(
                        outcome.failure, None,
                        "{scheme} x {workload}, {}={value}",
                        spec.name
                    );
                }
            }
        }
    }
}

#[test]
fn fork_and_exit_count_every_pte() {
    let changes = [("pages", 700), ("children", 3), ("iterations", 2)];
    let outcome = run(&cell(SchemeId::PteNext, WorkloadId::ForkExit, &changes));
    assert_eq!(outcome.samples(Op::Fork), 6);
    assert_eq!(outcome.work(Op::Fork), 6 * 700);
    assert_eq!(outcome.work(Op::Exit), 6 * 700);
    assert_eq!(outcome.samples(Op::FaultZero), 700);
    assert_eq!(outcome.samples(Op::FaultReuse), 2 * 32);
}

#[test]
fn a_sparse_heap_has_a_table_for_every_few_pages() {
    for (density, tables) in [(512, 1), (256, 2), (8, 64), (1, 512)] {
        let changes = [("density", density), ("children", 3), ("iterations", 1)];
        let outcome = run(&cell(SchemeId::PteNext, WorkloadId::ForkExit, &changes));
        assert_eq!(outcome.failure, None);
        assert_eq!(outcome.work(Op::Fork), 3 * 512, "the pages stay as many");
        assert_eq!(outcome.count("metadata_peak_bytes"), 4 * tables * 4096, "{density}");
    }
}

#[test]
fn after_fork_and_exit_a_hint_is_kept_for_what_was_written_since() {
    let changes = [("surveys", 1), ("iterations", 3)];
    let series = |scheme| run(&cell(scheme, WorkloadId::ForkExit, &changes)).surveys;
    let all = Survey { exact: 512, partial: 0, unknown: 0 };
    let few = Survey { exact: 32, partial: 0, unknown: 480 };
    assert_eq!(series(SchemeId::HintExclusive), [all, few, few, few]);
    assert_eq!(series(SchemeId::PteNext), [all; 4]);
}

#[test]
fn surveys_change_no_other_figure() {
    for scheme in SchemeId::ALL {
        let outcome = |surveys| {
            let changes = [("surveys", surveys), ("children", 3), ("iterations", 2)];
            run(&cell(scheme, WorkloadId::ForkExit, &changes))
        };
        let (with, without) = (outcome(1), outcome(0));
        assert_eq!(without.surveys, []);
        assert_eq!((with.counts, with.work), (without.counts, without.work), "{scheme}");
    }
}

#[test]
fn a_find_takes_as_many_probes_as_sharers_under_pte_next() {
    let changes = [("children", 4), ("finds", 5), ("written_percent", 0), ("unmaps", 0)];
    let outcome = run(&cell(SchemeId::PteNext, WorkloadId::ForkTouch, &changes));
    assert_eq!(outcome.work(Op::Find), outcome.samples(Op::Find) * 5);
}

#[test]
fn a_find_walks_all_tables_under_scan() {
    let changes =
        [("pages", 100), ("children", 4), ("finds", 1), ("written_percent", 0), ("unmaps", 0)];
    let outcome = run(&cell(SchemeId::Scan, WorkloadId::ForkTouch, &changes));
    // The first page of five spaces: four whole heaps of 100 slots, and one slot of the youngest.
    assert_eq!(outcome.work(Op::Find), outcome.samples(Op::Find) * (4 * 100 + 1));
}

#[test]
fn hint_exclusive_knows_no_shared_page_and_every_private_one() {
    let outcome = run(&cell(SchemeId::HintExclusive, WorkloadId::ForkTouch, &[("iterations", 3)]));
    assert_eq!(outcome.count("find_unknown"), 3 * 8, "shared pages");
    assert_eq!(outcome.count("find_exact"), 3 * 8, "pages a child has written to");
    assert_eq!((outcome.count("freed"), outcome.count("refused")), (0, 3 * 4));
}

#[test]
fn pte_next_keeps_a_companion_for_each_leaf_table() {
    let changes = [("pages", 512), ("children", 2), ("iterations", 1)];
    let outcome = run(&cell(SchemeId::PteNext, WorkloadId::ForkExit, &changes));
    assert_eq!(outcome.count("metadata_peak_bytes"), 3 * 4096);
    assert_eq!(outcome.count("page_table_bytes"), 3 * 4 * 4096);
}

/// Blocks of a `fragment-compact` cell by what became of them: assembled, refused, impossible.
fn blocks(scheme: SchemeId, changes: &[(&str, u64)]) -> [u64; 3] {
    let outcome = run(&cell(scheme, WorkloadId::FragmentCompact, changes));
    assert_eq!(outcome.failure, None, "{scheme}, {changes:?}");
    let asked = outcome.samples(Op::CompactBlock);
    let blocks =
        ["blocks_assembled", "blocks_refused", "blocks_impossible"].map(|name| outcome.count(name));
    assert_eq!(blocks.iter().sum::<u64>(), asked, "every request ends in one of three ways");
    assert_eq!(outcome.work(Op::CompactBlock), outcome.count("migrated"));
    blocks
}

#[test]
fn every_block_is_assembled_where_every_mapping_is_found() {
    for scheme in [SchemeId::Scan, SchemeId::PteNext] {
        for (order, wanted) in [(2, 40), (4, 20), (9, 3)] {
            let made = blocks(scheme, &[("order", order), ("blocks", wanted)]);
            assert_eq!(made, [wanted, 0, 0], "{scheme}, order {order}");
        }
    }
}

#[test]
fn shared_pages_are_in_the_way_of_hint_exclusive_the_more_the_larger_the_block() {
    let [of_16_kib, of_64_kib, of_2_mib] = [2, 4, 9].map(|order| {
        let changes = [("order", order), ("blocks", 20)];
        let [assembled, refused, impossible] = blocks(SchemeId::HintExclusive, &changes);
        assert_eq!((assembled + refused, impossible), (20, 0));
        assembled
    });
    assert!(of_16_kib > of_64_kib, "{of_16_kib} and {of_64_kib}");
    assert_eq!(of_2_mib, 0);
}

#[test]
fn hint_exclusive_assembles_every_block_of_pages_that_nobody_shares() {
    let made = blocks(SchemeId::HintExclusive, &[("order", 4), ("blocks", 20), ("shared", 0)]);
    assert_eq!(made, [20, 0, 0]);
}

#[test]
fn no_block_can_be_made_where_all_is_free_or_nothing_is() {
    for keep in [0, 100] {
        let changes = [("keep", keep), ("blocks", 5), ("order", 9)];
        assert_eq!(blocks(SchemeId::PteNext, &changes), [0, 0, 5], "{keep} % kept");
    }
}

/// Mean rank of the pages that an `aging` cell evicted, and of those of true LRU, in per mille.
fn mean_ranks(scheme: SchemeId, changes: &[(&str, u64)]) -> (u64, u64) {
    let outcome = run(&cell(scheme, WorkloadId::Aging, changes));
    assert_eq!(outcome.failure, None, "{scheme}, {changes:?}");
    let picks = outcome.count("aging_picks");
    assert_eq!(picks, outcome.count("reclaimed"), "whatever came free was a page");
    let mean = |name| (outcome.count(name) + picks / 2) / picks;
    (mean("aging_rank_sum"), mean("aging_rank_sum_lru"))
}

#[test]
fn nobody_picks_better_than_true_lru_and_the_clock_picks_better_than_chance() {
    for scheme in SchemeId::ALL {
        let (rank, lru) = mean_ranks(scheme, &[]);
        // 32 of about 840 pages in order: their mean rank is 31 / 2 of 840, which is 18.5.
        assert!((15..25).contains(&lru), "{scheme}: {lru}");
        assert!((lru..500).contains(&rank), "{scheme}: {rank}");
    }
}

#[test]
fn whoever_takes_every_page_has_taken_them_in_any_order() {
    let changes = [("reclaims", 1), ("frames", 2000), ("touches", 300)];
    for scheme in SchemeId::ALL {
        assert_eq!(mean_ranks(scheme, &changes), (500, 500), "{scheme}");
    }
}

#[test]
fn a_hand_that_asks_for_all_users_of_a_frame_picks_better_than_one_that_sees_one_table() {
    let (by_frame, _) = mean_ranks(SchemeId::PteNext, &[]);
    let (by_table, _) = mean_ranks(SchemeId::Scan, &[]);
    assert!(by_frame < by_table, "{by_frame} and {by_table}");
}

#[test]
fn an_arena_that_is_too_small_is_a_failure_and_not_a_panic() {
    let cell = cell(SchemeId::PteNext, WorkloadId::ForkExit, &[]);
    for frames in [1, 64] {
        let machine = Model::new(frames);
        let scratch = Scratch {
            samples: &mut [Sample::default(); 100],
            counts: &mut vec![0; COUNTS],
            processes: &mut [None; 2],
            objects: &mut [],
            last_use: &mut [],
        };
        assert!(run_cell(&cell, &machine, NonZeroU64::MIN, scratch).failure.is_some());
    }
}
