//! Flushes that need process-context identifiers (PCIDs) or INVPCID, timed one by one. PCIDs are on for
//! the moment of the measurement alone, so that nothing else runs on tagged translations.

use rmap::PageIndex;
use vm::{TaggedFlush, VirtualAddress};
use x86_64::VirtAddr;
use x86_64::instructions::tlb::{self, InvPcidCommand, Pcid};
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};
use x86_64::structures::paging::PhysFrame;

use super::now;
use crate::kernel::cpu::features::Features;

/// The PCID of everything while PCIDs are off, and of what we load while they are on.
fn only() -> Pcid {
    Pcid::new(0).expect("0 is a PCID")
}

/// Ticks that `flush` takes; `None` where CPUID does not offer it.
pub fn time(features: Features, flush: TaggedFlush, page: PageIndex) -> Option<u64> {
    let address = VirtAddr::new_truncate(VirtualAddress::of_page(page).0);
    match flush {
        TaggedFlush::Cr3Keeping if features.pcid => Some(with_pcids(|root| {
            // SAFETY: loads what is loaded; its translations, which stay, are true.
            time_of(|| unsafe { Cr3::write_pcid_no_flush(root, only()) })
        })),
        TaggedFlush::Cr3Dropping if features.pcid => Some(with_pcids(|root| {
            // SAFETY: loads what is loaded.
            time_of(|| unsafe { Cr3::write_pcid(root, only()) })
        })),
        TaggedFlush::InvpcidOne if features.invpcid => {
            // SAFETY: CPUID has it, and PCID 0 is allowed whether or not PCIDs are on.
            Some(time_of(|| unsafe { tlb::flush_pcid(InvPcidCommand::Address(address, only())) }))
        }
        TaggedFlush::InvpcidAll if features.invpcid => {
            // SAFETY: CPUID has it.
            Some(time_of(|| unsafe { tlb::flush_pcid(InvPcidCommand::All) }))
        }
        _ => None,
    }
}

fn time_of(flush: impl Fn()) -> u64 {
    let start = now();
    flush();
    now() - start
}

/// Runs `body`, on the root that is loaded, with PCIDs on; afterwards no translation is left.
fn with_pcids<R>(body: impl FnOnce(PhysFrame) -> R) -> R {
    let (root, flags) = Cr3::read();
    assert!(
        flags.is_empty(),
        "bits 11:0 of CR3 must be 0 before PCIDs go on (SDM vol. 3A, 4.10.1)"
    );
    let without = Cr4::read_raw();
    // SAFETY: CPUID has PCIDs, and CR3 holds PCID 0.
    unsafe { Cr4::write_raw(without | Cr4Flags::PCID.bits()) };
    let result = body(root);
    // SAFETY: as before. Turning PCIDs off drops every translation (SDM vol. 3A, 4.10.4.1).
    unsafe { Cr4::write_raw(without) };
    result
}
