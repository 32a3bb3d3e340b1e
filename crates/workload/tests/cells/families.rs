//! Families of processes: what theory says of those who come, share and go.

use rmap::SchemeId;
use vm::Survey;
use workload::{Op, WorkloadId};

use super::{Outcome, cell, run};

fn passed(scheme: SchemeId, workload: WorkloadId, changes: &[(&str, u64)]) -> Outcome {
    let outcome = run(&cell(scheme, workload, changes));
    assert_eq!(outcome.failure, None, "{scheme} x {workload}, {changes:?}");
    outcome
}

#[test]
fn every_member_of_a_pipeline_is_forked_execs_and_exits() {
    let outcome = passed(
        SchemeId::PteNext,
        WorkloadId::Shell,
        &[("members", 4), ("pipelines", 4), ("text", 10), ("image", 20), ("touched", 3)],
    );
    // Pipelines of 2, 3, 4 and 2.
    let members = 11;
    for op in [Op::Fork, Op::Exec, Op::Exit] {
        assert_eq!(outcome.samples(op), members, "{}", op.name());
    }
    assert_eq!(outcome.samples(Op::FaultCow), members * 3);
    assert_eq!(outcome.samples(Op::FaultFile), members * 10);
    assert_eq!(outcome.samples(Op::FaultReuse), 4 * 3, "the shell has its pages alone again");
    assert_eq!(outcome.work(Op::Exit), members * 30, "an exec has dropped what was inherited");
}

#[test]
fn every_target_is_built_whether_or_not_there_are_as_many_jobs() {
    for (jobs, targets) in [(1, 5), (4, 6), (8, 3)] {
        let changes = [("jobs", jobs), ("targets", targets)];
        let outcome = passed(SchemeId::PteNext, WorkloadId::Make, &changes);
        for op in [Op::Fork, Op::Exec, Op::Exit] {
            assert_eq!(outcome.samples(op), 2 * targets, "{}, {jobs} jobs", op.name());
        }
    }
}

#[test]
fn a_snapshot_takes_every_hint_and_writes_bring_them_back() {
    let changes = [("pages", 256), ("snapshots", 2), ("share", 64), ("rewrites", 32)];
    let surveys = |scheme| passed(scheme, WorkloadId::Snapshot, &changes).surveys;
    let known = |exact, unknown| Survey { exact, partial: 0, unknown };
    // While the child lives, the parent's copies are all that anybody has alone; afterwards the old
    // pages are gone with the child.
    let [during, after] = [known(64, 256), known(64 + 32, 256 - 64 - 32)];
    assert_eq!(surveys(SchemeId::HintExclusive), [known(256, 0), during, after, during, after],);
    let [alone, two] = [known(256, 0), known(256 + 64, 0)];
    assert_eq!(surveys(SchemeId::PteNext), [alone, two, alone, two, alone]);
}

#[test]
fn a_page_lives_in_the_snapshots_taken_since_it_was_written() {
    let changes = [("pages", 64), ("generations", 6), ("steps", 12), ("share", 64), ("finds", 10)];
    let probes = |scheme| passed(scheme, WorkloadId::RollingSnapshot, &changes).work(Op::Find);
    // All pages are written after each fork, so that the parent has each alone.
    assert_eq!(probes(SchemeId::PteNext), 12 * 10);
    let changes = [("share", 0), ("steps", 6), ("generations", 6), ("finds", 10)];
    let shared = passed(SchemeId::PteNext, WorkloadId::RollingSnapshot, &changes);
    assert_eq!(shared.work(Op::Find), 10 * (2 + 3 + 4 + 5 + 6 + 7));
}

#[test]
fn every_app_has_its_own_share_and_the_rest_from_the_zygote() {
    let changes = [("pages", 100), ("apps", 4), ("starts", 9), ("share", 10)];
    let outcome = passed(SchemeId::PteNext, WorkloadId::Zygote, &changes);
    assert_eq!(outcome.samples(Op::Fork), 9);
    assert_eq!(outcome.samples(Op::Exit), 9);
    let alive = [0, 1, 2, 3, 4, 4, 4, 4, 4, 4];
    let all = alive.map(|apps| Survey { exact: 100 + 10 * apps, partial: 0, unknown: 0 });
    assert_eq!(outcome.surveys, all);
    let hints = passed(SchemeId::HintExclusive, WorkloadId::Zygote, &changes).surveys;
    assert_eq!(hints[9], Survey { exact: 40, partial: 0, unknown: 100 });
}

#[test]
fn a_chain_of_any_length_takes_no_more_memory() {
    for scheme in SchemeId::ALL {
        let bytes = |generations| {
            let changes = [("generations", generations)];
            let outcome = passed(scheme, WorkloadId::Chain, &changes);
            (outcome.count("peak_bytes"), outcome.count("slab_peak_bytes"))
        };
        assert_eq!(bytes(400), bytes(100), "{scheme}");
    }
}

#[test]
fn few_survivors_are_found_among_many_heirs() {
    let changes = [("children", 20), ("survivors", 3), ("kept", 0), ("finds", 40)];
    let outcome = |scheme| passed(scheme, WorkloadId::SparseSurvivors, &changes);
    let probes = |scheme| outcome(scheme).work(Op::Find);
    assert_eq!(probes(SchemeId::PteNext), 40 * 4, "the parent and three children");
    // Of the 17 others 8 wrote to all of it: the areas they have it in are as they were.
    assert_eq!(probes(SchemeId::AnonVmaChain), 40 * (4 + 8));
    for scheme in [SchemeId::PteNext, SchemeId::AnonVmaChain] {
        assert_eq!(outcome(scheme).count("freed"), 32, "{scheme}");
    }
}

#[test]
fn a_family_is_gone_in_either_order() {
    let changes = |order| [("pages", 50), ("children", 6), ("share", 5), ("order", order)];
    for order in [0, 1] {
        let outcome = passed(SchemeId::PteNext, WorkloadId::MassExit, &changes(order));
        assert_eq!(outcome.samples(Op::Exit), 7);
        assert_eq!(outcome.work(Op::Exit), 7 * 50);
    }
}

#[test]
fn a_page_of_a_file_is_found_by_the_windows_that_have_it() {
    let changes = [("pages", 32), ("windows", 320), ("span", 1), ("finds", 50), ("protects", 20)];
    for scheme in [SchemeId::AnonVmaChain, SchemeId::ShmAttach, SchemeId::PteNext] {
        let outcome = passed(scheme, WorkloadId::Windows, &changes);
        assert_eq!(outcome.work(Op::Find), 50 * 10, "{scheme}");
        assert_eq!(outcome.work(Op::WriteProtect), 20 * 10, "{scheme}");
        assert_eq!(outcome.work(Op::Exit), 10 * (32 - 16), "{scheme}: half of the file is cut off");
    }
}

#[test]
fn ten_thousand_windows_fit_what_is_foreseen() {
    for scheme in SchemeId::ALL {
        passed(scheme, WorkloadId::Windows, &[("windows", 10_000), ("finds", 4), ("cuts", 2)]);
    }
}

#[test]
fn what_memory_pressure_takes_comes_back() {
    for scheme in SchemeId::ALL {
        let outcome = passed(scheme, WorkloadId::Reclaim, &[]);
        assert!(outcome.count("reclaimed") > 256, "{scheme}");
        assert!(outcome.samples(Op::FaultSwap) > 256, "{scheme}");
    }
}

#[test]
fn one_frame_is_found_at_all_of_its_addresses() {
    for (sharers, windows) in [(1, 0), (90, 0), (90, 90), (90, 40), (1, 5)] {
        let changes = [("sharers", sharers), ("windows", windows), ("rounds", 3)];
        let outcome = passed(SchemeId::PteNext, WorkloadId::FanOut, &changes);
        for op in [Op::Find, Op::AgeFrame, Op::WriteProtect, Op::UnmapFrame] {
            assert_eq!(outcome.work(op), 3 * sharers, "{}, {changes:?}", op.name());
        }
        assert_eq!((outcome.count("freed"), outcome.count("migrated")), (3, 3), "{changes:?}");
        let back = outcome.samples(Op::FaultSwap) + outcome.samples(Op::FaultFile);
        let first = if windows == 0 { 0 } else { sharers };
        assert_eq!(back - first, 3 * sharers, "whoever had it reads it again");
    }
}
