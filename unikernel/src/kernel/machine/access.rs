//! Loads and stores through the loaded page tables, at CPL 0.

use core::arch::global_asm;

use vm::{Access, FaultRefused, VirtualAddress};

/// The first address that does not belong to the workloads.
pub const LOWER_HALF_END: u64 = 1 << 47;

global_asm!(include_str!("access.S"), options(att_syntax));

#[repr(C)]
struct Outcome {
    value: u64,
    refused: u64,
}

unsafe extern "sysv64" {
    fn access_load(address: u64) -> Outcome;
    fn access_store(address: u64, value: u64) -> Outcome;
    static access_load_site: u8;
    static access_store_site: u8;
}

/// Loads from `address`, or stores `value` there.
///
/// # Errors
/// The fault handler refused.
#[inline]
pub fn access(address: VirtualAddress, access: Access, value: u64) -> Result<u64, FaultRefused> {
    assert!(address.0 < LOWER_HALF_END, "an access outside of the lower half");
    let outcome = match access {
        // SAFETY: the lower half holds nothing of Rust's: its frames are the arena's, which are only
        // reached through atomics. A fault is either resolved or comes back as a refusal.
        Access::Read => unsafe { access_load(address.0) },
        // SAFETY: as above.
        Access::Write => unsafe { access_store(address.0, value) },
    };
    match outcome.refused {
        0 => Ok(outcome.value),
        _ => Err(refusal_from(outcome.value)),
    }
}

/// Whether the instruction at `rip` is one whose faults can be refused.
pub fn is_site(rip: u64) -> bool {
    rip == (&raw const access_load_site).addr() as u64
        || rip == (&raw const access_store_site).addr() as u64
}

/// Every refusal; its word is 1 + its place.
const REFUSALS: [FaultRefused; 5] = [
    FaultRefused::Segfault,
    FaultRefused::OutOfMemory,
    FaultRefused::BeyondEnd,
    FaultRefused::Poisoned,
    FaultRefused::Migrating,
];

/// A refusal as the word that `page_fault_entry` hands to `access_refused`; never 0.
pub fn refusal_word(refused: FaultRefused) -> u64 {
    let place = REFUSALS.iter().position(|known| *known == refused);
    1 + place.expect("the list is complete") as u64
}

fn refusal_from(word: u64) -> FaultRefused {
    REFUSALS[word as usize - 1]
}
