//! Gathers the evidence for the execution class.

use core::arch::global_asm;
use core::array;

use unikernel::execution::{CHAIN_LENGTH, Evidence, Hypervisor, Timing};
use x86_64::registers::control::Cr3;

use crate::kernel::machine::now;

/// Runs of each chain. Every one counts: a single deviation rules exactness out.
const RUNS: usize = 32;

global_asm!(
    include_str!("chains.S"),
    LENGTH = const CHAIN_LENGTH,
    options(att_syntax)
);

type Chain = unsafe extern "sysv64" fn();

unsafe extern "sysv64" {
    fn chain_empty();
    fn chain_add();
    fn chain_imul();
    fn chain_div();
}

/// Times every chain and a CR3 load.
pub fn measure(hypervisor: Hypervisor) -> Evidence {
    Evidence {
        hypervisor,
        empty: time_chain(chain_empty),
        add: time_chain(chain_add),
        imul: time_chain(chain_imul),
        div: time_chain(chain_div),
        cr3_load: time(reload_cr3),
    }
}

fn time_chain(chain: Chain) -> Timing {
    // SAFETY: the chains compute in registers that the ABI lets them destroy.
    time(|| unsafe { chain() })
}

/// One loop for all, never inlined, so that every run pays the same overhead.
#[inline(never)]
fn time(run: impl Fn()) -> Timing {
    // The first run fills caches and is thrown away.
    run();
    let runs: [u64; RUNS] = array::from_fn(|_| {
        let start = now();
        run();
        now() - start
    });
    Timing::of(runs.iter().copied())
}

fn reload_cr3() {
    let (frame, flags) = Cr3::read();
    // SAFETY: loads what is loaded.
    unsafe { Cr3::write(frame, flags) };
}
