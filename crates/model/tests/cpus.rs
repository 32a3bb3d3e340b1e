//! Every CPU has a TLB and tables of its own; nothing that one does reaches another.

mod support;

use model::Staleness;
use rmap::Frame;
use support::{ROOT, machine_with_cpus, page, read, small, small_slot, staleness, write};
use vm::{CpuId, Flushed, Machine, Pte};

const CPUS: [CpuId; 3] = [CpuId(0), CpuId(1), CpuId(2)];

#[test]
fn the_first_cpu_runs_until_another_is_chosen() {
    let machine = machine_with_cpus(3);
    assert_eq!(machine.cpu(), CpuId(0));
    for cpu in CPUS {
        machine.run_on(cpu);
        assert_eq!(machine.cpu(), cpu);
    }
}

#[test]
#[should_panic(expected = "there is no CPU 3")]
fn a_cpu_that_does_not_exist_cannot_run() {
    machine_with_cpus(3).run_on(CpuId(3));
}

#[test]
fn a_flush_here_leaves_the_other_cpus_stale_and_says_whose_use_it_was() {
    let machine = machine_with_cpus(3);
    small_slot(&machine, 0).fill(small(&machine, Frame(40)));
    for cpu in CPUS {
        machine.run_on(cpu);
        read(&machine, page(0)).unwrap();
    }
    machine.run_on(CpuId(1));
    small_slot(&machine, 0).replace(small(&machine, Frame(41)));
    assert_eq!(machine.flush_page(ROOT, page(0)), Flushed::Invlpg);
    for (cpu, frame) in CPUS.into_iter().zip([40, 41, 40]) {
        machine.run_on(cpu);
        assert_eq!(read(&machine, page(0)), Ok(Frame(frame)));
    }
    let stale: Vec<_> = machine.stale_uses().iter().map(|stale_use| stale_use.cpu).collect();
    assert_eq!(stale, [CpuId(0), CpuId(2)]);
}

#[test]
fn a_flush_of_the_space_acts_on_this_cpu_alone() {
    let machine = machine_with_cpus(2);
    small_slot(&machine, 0).fill(small(&machine, Frame(40)));
    read(&machine, page(0)).unwrap();
    machine.run_on(CpuId(1));
    read(&machine, page(0)).unwrap();
    small_slot(&machine, 0).replace(Pte::EMPTY);
    machine.flush_space(ROOT);
    read(&machine, page(0)).unwrap_err();
    machine.run_on(CpuId(0));
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::Unmapped]);
}

#[test]
fn each_cpu_has_its_own_tables_loaded() {
    let machine = machine_with_cpus(2);
    small_slot(&machine, 0).fill(small(&machine, Frame(40)));
    machine.activate(None);
    read(&machine, page(0)).unwrap_err();
    assert_eq!(machine.flush_space(ROOT), Flushed::Nothing);
    machine.run_on(CpuId(1));
    assert_eq!(read(&machine, page(0)), Ok(Frame(40)));
    assert_eq!(machine.flush_space(ROOT), Flushed::Cr3Load);
}

#[test]
fn each_cpu_remembers_the_dirty_bit_for_itself() {
    let machine = machine_with_cpus(2);
    let clean = small(&machine, Frame(40)).writable();
    small_slot(&machine, 0).fill(clean);
    for cpu in [CpuId(0), CpuId(1)] {
        machine.run_on(cpu);
        write(&machine, page(0), 7).unwrap();
    }
    small_slot(&machine, 0).replace(clean);
    machine.flush_page(ROOT, page(0));
    write(&machine, page(0), 8).unwrap();
    assert_eq!(staleness(&machine), []);
    small_slot(&machine, 0).replace(clean);
    machine.run_on(CpuId(0));
    write(&machine, page(0), 9).unwrap();
    assert_eq!(staleness(&machine), [Staleness::DirtyLost]);
}
