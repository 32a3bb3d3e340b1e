//! Whatever is done to the tables: with flushes the model reports nothing, and without them no wrong
//! access goes unreported.

mod support;

use model::Model;
use proptest::prelude::*;
use rmap::Frame;
use support::{
    BLOCK, OTHER_BLOCK, ROOT, huge, huge_slot, machine_with_cpus, page, read, small, small_slot,
    to_leaf_table, write, written,
};
use vm::{CpuId, Machine, Pte};

const CPUS: u16 = 2;
const PAGES: u16 = 3;

#[derive(Clone, Copy, Debug)]
enum Change {
    Small { nth: u16, frame: Frame, writable: bool },
    Unmap { nth: u16 },
    WriteProtect { nth: u16 },
    Huge { first: Frame, writable: bool },
    ToLeafTable,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change(Change),
    Read(CpuId, u16),
    Write(CpuId, u16),
}

fn change() -> impl Strategy<Value = Change> {
    let frame = (512..515_u32).prop_map(Frame);
    prop_oneof![
        (0..PAGES, frame, any::<bool>()).prop_map(|(nth, frame, writable)| Change::Small {
            nth,
            frame,
            writable
        }),
        (0..PAGES).prop_map(|nth| Change::Unmap { nth }),
        (0..PAGES).prop_map(|nth| Change::WriteProtect { nth }),
        (prop_oneof![Just(BLOCK), Just(OTHER_BLOCK)], any::<bool>())
            .prop_map(|(first, writable)| Change::Huge { first, writable }),
        Just(Change::ToLeafTable),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cpu = (0..CPUS).prop_map(CpuId);
    let step = prop_oneof![
        change().prop_map(Step::Change),
        (cpu.clone(), 0..PAGES).prop_map(|(cpu, nth)| Step::Read(cpu, nth)),
        (cpu, 0..PAGES).prop_map(|(cpu, nth)| Step::Write(cpu, nth)),
    ];
    prop::collection::vec(step, 1..40)
}

fn apply(machine: &Model, change: Change) {
    let rights = |pte: Pte, writable| if writable { pte.writable() } else { pte };
    match change {
        Change::Small { nth, frame, writable } => {
            small_slot(machine, nth).replace(rights(small(machine, frame), writable));
        }
        Change::Unmap { nth } => {
            small_slot(machine, nth).replace(Pte::EMPTY);
        }
        Change::WriteProtect { nth } => small_slot(machine, nth).write_protect(),
        Change::Huge { first, writable } => {
            huge_slot(machine).replace(rights(huge(machine, first), writable));
        }
        Change::ToLeafTable => {
            huge_slot(machine).replace(to_leaf_table(machine));
        }
    }
}

fn flush_all(machine: &Model) {
    for cpu in 0..CPUS {
        machine.run_on(CpuId(cpu));
        machine.flush_space(ROOT);
    }
}

/// The frame and the right to write that the tables give to the `nth` page.
fn mapped(machine: &Model, nth: u16) -> Option<(Frame, bool)> {
    let directory_entry = huge_slot(machine).read();
    let (pte, offset) = if directory_entry.is_huge() {
        (directory_entry, u32::from(nth))
    } else {
        (small_slot(machine, nth).read(), 0)
    };
    let frame = machine.arena().frame_at(pte.address())?;
    pte.is_present().then_some((Frame(frame.0 + offset), pte.is_writable()))
}

/// Whether the access, if `step` is one, did what the tables say. `unique` is what a write writes.
fn access_is_right(machine: &Model, step: Step, unique: u64) -> bool {
    match step {
        Step::Change(_) => true,
        Step::Read(cpu, nth) => {
            machine.run_on(cpu);
            read(machine, page(nth)).ok() == mapped(machine, nth).map(|(frame, _)| frame)
        }
        Step::Write(cpu, nth) => {
            machine.run_on(cpu);
            let target = mapped(machine, nth).filter(|(_, writable)| *writable);
            let wrote = write(machine, page(nth), unique).is_ok();
            target.map_or(!wrote, |(frame, _)| written(machine, frame) == unique)
        }
    }
}

proptest! {
    #[test]
    fn with_a_flush_after_every_change_every_access_is_right_and_nothing_is_reported(
        steps in steps(),
    ) {
        let machine = machine_with_cpus(CPUS);
        for (step, unique) in steps.into_iter().zip(1..) {
            if let Step::Change(change) = step {
                apply(&machine, change);
                flush_all(&machine);
            }
            prop_assert!(access_is_right(&machine, step, unique), "{:?}", step);
            prop_assert_eq!(machine.stale_uses(), []);
        }
    }

    #[test]
    fn without_flushes_no_wrong_access_goes_unreported(steps in steps()) {
        let machine = machine_with_cpus(CPUS);
        for (step, unique) in steps.into_iter().zip(1..) {
            if let Step::Change(change) = step {
                apply(&machine, change);
            }
            if !access_is_right(&machine, step, unique) {
                prop_assert_ne!(machine.take_stale_uses(), [], "{:?}", step);
            }
        }
    }
}
