//! A machine whose tables are built by hand, and words for what is done to it.
//!
//! ```text
//!   frame 0 root ── 1 ── 2 lowest directory ── 3 leaf table
//! ```
//! The first word of every other frame is the frame's number, so that a read tells where it went.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::atomic::Ordering::Relaxed;

use model::{Model, Staleness};
use rmap::{Frame, PageIndex};
use vm::{Access, AccessError, CpuId, Machine, PageFault, Pte, PteSlot, VirtualAddress};

/// The loaded tables.
pub const ROOT: Frame = Frame(0);
/// Where entries of 2 MiB pages lie.
pub const LOWEST_DIRECTORY: Frame = Frame(2);
/// Where entries of 4 KiB pages lie.
pub const LEAF_TABLE: Frame = Frame(3);
/// The first frame of a block that a 2 MiB page can map.
pub const BLOCK: Frame = Frame(512);
/// As [`BLOCK`].
pub const OTHER_BLOCK: Frame = Frame(1024);

const FRAMES: u32 = 1536;
const SLOTS: [usize; 3] = [5, 6, 7];
/// The first of the 512 pages that the tables lead to.
pub const BASE: PageIndex = PageIndex(5 << 27 | 6 << 18 | 7 << 9);

/// A machine of one CPU, tables loaded, no page mapped.
pub fn machine() -> Model {
    machine_with_cpus(1)
}

/// A machine whose CPUs all have the tables loaded; CPU 0 runs.
pub fn machine_with_cpus(cpus: u16) -> Model {
    let machine = Model::with_cpus(FRAMES, cpus);
    for frame in LEAF_TABLE.0 + 1..FRAMES {
        machine.arena().words(Frame(frame))[0].store(frame.into(), Relaxed);
    }
    for (table, slot) in (0..).zip(SLOTS) {
        let below = Pte::table(machine.arena().physical(Frame(table + 1)));
        slot_of(&machine, Frame(table), slot).fill(below);
    }
    for cpu in (0..cpus).rev() {
        machine.run_on(CpuId(cpu));
        machine.activate(Some(ROOT));
    }
    machine
}

/// The `nth` page that the tables lead to.
pub fn page(nth: u16) -> PageIndex {
    BASE.plus(nth.into())
}

/// The entry of the `nth` page, if it is of 4 KiB.
pub fn small_slot(machine: &Model, nth: u16) -> PteSlot<'_> {
    slot_of(machine, LEAF_TABLE, nth.into())
}

/// The directory's entry: leads to the leaf table or maps all the pages.
pub fn huge_slot(machine: &Model) -> PteSlot<'_> {
    slot_of(machine, LOWEST_DIRECTORY, SLOTS[2])
}

fn slot_of(machine: &Model, table: Frame, slot: usize) -> PteSlot<'_> {
    PteSlot::new(&machine.arena().words(table)[slot])
}

/// An entry that maps `frame`, not writable, neither accessed nor dirty.
pub fn small(machine: &Model, frame: Frame) -> Pte {
    Pte::page(machine.arena().physical(frame))
}

/// An entry that maps the 512 frames from `first`, not writable, neither accessed nor dirty.
pub fn huge(machine: &Model, first: Frame) -> Pte {
    Pte::huge_page(machine.arena().physical(first))
}

/// An entry that leads to the leaf table.
pub fn to_leaf_table(machine: &Model) -> Pte {
    Pte::table(machine.arena().physical(LEAF_TABLE))
}

/// Reads the first word of `page`: the frame that the access went to.
pub fn read(machine: &Model, page: PageIndex) -> Result<Frame, PageFault> {
    let address = VirtualAddress::of_page(page);
    match machine.access(address, Access::Read, 0) {
        Ok(number) => Ok(Frame(number as u32)),
        Err(AccessError::Raised(fault)) => Err(fault),
        Err(AccessError::Refused(refused)) => panic!("the model refuses nothing: {refused:?}"),
    }
}

/// Writes `value` to the second word of `page`'s frame.
pub fn write(machine: &Model, page: PageIndex, value: u64) -> Result<(), PageFault> {
    let address = VirtualAddress(VirtualAddress::of_page(page).0 + 8);
    match machine.access(address, Access::Write, value) {
        Ok(_) => Ok(()),
        Err(AccessError::Raised(fault)) => Err(fault),
        Err(AccessError::Refused(refused)) => panic!("the model refuses nothing: {refused:?}"),
    }
}

/// What [`write`] wrote to `frame` last.
pub fn written(machine: &Model, frame: Frame) -> u64 {
    machine.arena().words(frame)[1].load(Relaxed)
}

/// What was wrong with the stale uses since the last call.
pub fn staleness(machine: &Model) -> Vec<Staleness> {
    machine.take_stale_uses().iter().map(|stale_use| stale_use.staleness).collect()
}
