//! `check=machine` on the command line: holds the machine to the contract of [`Machine`], on the
//! hardware at hand. A breach is a panic, which the exit code tells.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rmap::{Frame, PageIndex};
use vm::{
    Access, AccessError, FaultHandler, FaultRefused, Flushed, Machine, MachineCounter, PageFault,
    TaggedFlush, VirtualAddress,
};
use wire::guest::SerialPort;
use wire::{Record, Value};

use super::cpu::control;
use super::cpu::features::Features;
use super::machine::Hardware;
use super::power::ExitCode;
use super::run::Guest;

const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;

const ROOT: Frame = Frame(0);
const LEAF: Frame = Frame(3);
const CONTENTS: Frame = Frame(4);
const SPARE: Frame = Frame(5);
const FRAMES: u32 = 1024;

/// In the middle of the lower half, so that all levels have an index of their own.
const ADDRESS: VirtualAddress = VirtualAddress(0x0000_1234_5678_9000);
const FORBIDDEN: VirtualAddress = VirtualAddress(0x0000_7fff_ffff_f000);

/// Maps [`ADDRESS`], read-only at a load and writable at a store; refuses everything else.
struct OnePage<'m> {
    machine: &'m Hardware,
    faults: AtomicU32,
}

impl FaultHandler for OnePage<'_> {
    fn page_fault(&self, fault: PageFault) -> Result<(), FaultRefused> {
        self.faults.fetch_add(1, Ordering::Relaxed);
        if fault.address != ADDRESS {
            return Err(FaultRefused::OutOfMemory);
        }
        let writable = if fault.access == Access::Write { WRITABLE } else { 0 };
        self.machine.set_leaf(PRESENT | writable);
        self.machine.flush_page(ROOT, ADDRESS.page());
        Ok(())
    }
}

impl OnePage<'_> {
    fn faults(&self) -> u32 {
        self.faults.swap(0, Ordering::Relaxed)
    }
}

impl Hardware {
    fn slot(&self, table: Frame, level: u32) -> &AtomicU64 {
        &self.arena().words(table)[(ADDRESS.0 >> (12 + 9 * level)) as usize % 512]
    }

    fn set_leaf(&self, flags: u64) {
        self.slot(LEAF, 0).store(self.arena().physical(CONTENTS).0 | flags, Ordering::Relaxed);
    }

    fn build_tables(&self) {
        for frame in 0..=SPARE.0 {
            self.zero_frame(Frame(frame));
        }
        self.prepare_root(ROOT);
        for (level, table) in [(3, ROOT), (2, Frame(1)), (1, Frame(2))] {
            let below = self.arena().physical(Frame(table.0 + 1)).0;
            self.slot(table, level).store(below | PRESENT | WRITABLE, Ordering::Relaxed);
        }
    }
}

/// Checks everything and says how many checks held.
pub fn machine(guest: &mut Guest<'_>) -> ExitCode {
    let arena = guest.memory.take_arena(FRAMES).expect("the machine has 4 MiB");
    let machine = Hardware::new(arena, guest.memory.kernel_root());
    machine.build_tables();
    let handler = OnePage { machine: &machine, faults: AtomicU32::new(0) };
    let checks = [
        faults_arrive,
        refusals_come_back,
        flushes_flush,
        tagged_flushes_leave_no_trace,
        primitives_work,
    ];
    for check in checks {
        machine.activate(Some(ROOT));
        machine.set_leaf(0);
        machine.flush_space(ROOT);
        machine.with_faults(&handler, || check(&machine, &handler));
    }
    machine.activate(None);
    a_byte_sent_while_timed_is_noticed(guest, &machine);
    let value = Value::Number(checks.len() as u64 + 1);
    let recorded = guest.link.record(&Record::Fact { name: "check.machine", value });
    assert!(recorded.is_ok(), "the log is full");
    ExitCode::Done
}

fn faults_arrive(machine: &Hardware, handler: &OnePage<'_>) {
    assert_eq!(machine.access(ADDRESS, Access::Read, 0), Ok(0));
    assert_eq!(handler.faults(), 1, "the first load faults");
    assert_eq!(machine.access(ADDRESS, Access::Write, 77), Ok(77));
    assert_eq!(handler.faults(), 1, "CR0.WP makes a store to a read-only page fault at CPL 0");
    assert_eq!(machine.access(ADDRESS, Access::Read, 0), Ok(77));
    assert_eq!(handler.faults(), 0, "a mapped page does not fault");
    let contents = machine.arena().words(CONTENTS);
    assert_eq!(contents[0].load(Ordering::Relaxed), 77, "the store reached its frame");
}

fn refusals_come_back(machine: &Hardware, handler: &OnePage<'_>) {
    let refused = Err(AccessError::Refused(FaultRefused::OutOfMemory));
    assert_eq!(machine.access(FORBIDDEN, Access::Read, 0), refused);
    assert_eq!(machine.access(FORBIDDEN, Access::Write, 1), refused);
    assert_eq!(handler.faults(), 2);
}

fn flushes_flush(machine: &Hardware, handler: &OnePage<'_>) {
    let page: PageIndex = ADDRESS.page();
    let touch = || machine.access(ADDRESS, Access::Read, 0).expect("the handler maps it");
    touch();
    assert_eq!(handler.faults(), 1);
    machine.set_leaf(0);
    assert_eq!(machine.flush_page(ROOT, page), Flushed::Invlpg);
    touch();
    assert_eq!(handler.faults(), 1, "INVLPG drops the translation");
    machine.set_leaf(0);
    assert_eq!(machine.flush_space(ROOT), Flushed::Cr3Load);
    touch();
    assert_eq!(handler.faults(), 1, "a CR3 load drops the translation");
    assert_eq!(machine.flush_page(SPARE, page), Flushed::Nothing);
    assert_eq!(machine.flush_space(SPARE), Flushed::Nothing);
    machine.activate(None);
    assert_eq!(machine.flush_page(ROOT, page), Flushed::Nothing);
}

fn tagged_flushes_leave_no_trace(machine: &Hardware, handler: &OnePage<'_>) {
    let features = Features::read();
    let before = control::read();
    for (flush, offered) in [
        // Even this: when PCIDs go off again, everything is dropped.
        (TaggedFlush::Cr3Keeping, features.pcid),
        (TaggedFlush::Cr3Dropping, features.pcid),
        (TaggedFlush::InvpcidOne, features.invpcid),
        (TaggedFlush::InvpcidAll, features.invpcid),
    ] {
        machine.access(ADDRESS, Access::Read, 0).expect("the handler maps it");
        handler.faults();
        machine.set_leaf(0);
        let timed = machine.time_flush(flush, ADDRESS.page());
        assert_eq!(timed.is_some(), offered, "{flush:?} is timed where CPUID offers it");
        assert_eq!(control::read().cr4, before.cr4, "PCIDs are off again");
        if offered {
            machine.access(ADDRESS, Access::Read, 0).expect("the handler maps it");
            assert_eq!(handler.faults(), 1, "{flush:?} leaves no translation");
        }
    }
}

/// Does on purpose what no run may do.
fn a_byte_sent_while_timed_is_noticed(guest: &mut Guest<'_>, machine: &Hardware) {
    let noticed = |before| {
        let mut counted = machine.counters().since(before);
        let mut of = |wanted| counted.find(|(counter, _)| *counter == wanted);
        of(MachineCounter::LineBytesWhileTimed).map(|(_, bytes)| bytes)
    };
    // What ends a frame on the wire ends nothing between two of them.
    let mut send = || guest.link.port_mut().send(&[0; 3]).expect("the line takes bytes");
    let before = machine.counters();
    send();
    assert_eq!(noticed(before), Some(0), "nothing is timed");
    machine.timing_begins();
    send();
    machine.timing_ended();
    assert_eq!(noticed(before), Some(3), "three bytes left while something was timed");
    send();
    assert_eq!(noticed(before), Some(3), "nothing is timed any more");
}

fn primitives_work(machine: &Hardware, _: &OnePage<'_>) {
    let (from, to) = (machine.arena().words(CONTENTS), machine.arena().words(SPARE));
    for (index, word) in (0..).zip(from) {
        word.store(index + 1, Ordering::Relaxed);
    }
    machine.copy_frame(CONTENTS, SPARE);
    assert!((1..).zip(to).all(|(value, word)| word.load(Ordering::Relaxed) == value));
    machine.zero_frame(SPARE);
    assert!(to.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    let earlier = machine.now();
    assert!(machine.now() > earlier, "the clock moves");
}
