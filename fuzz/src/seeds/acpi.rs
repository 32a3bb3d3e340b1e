//! Tables as a small machine has them.

use super::{Seed, seed};
use crate::acpi::sum_to_zero;

const ROOT: u64 = 0x40;
const MADT: u64 = 0x80;
const SPCR: u64 = 0x100;

pub(super) fn seeds() -> Vec<Seed> {
    let local = [0, 8, 0, 0, 1, 0, 0, 0];
    let x2apic = [9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0];
    let apics = [0xfee0_0000u32, 1].map(u32::to_le_bytes).concat();
    let madt = table(*b"APIC", &[&apics[..], &local, &x2apic].concat());
    // A 16550 at I/O port 0x2f8, 8 bits wide, 115200 baud.
    let mut console = [0; 44];
    console[4..16].copy_from_slice(&[1, 8, 0, 1, 0xf8, 2, 0, 0, 0, 0, 0, 0]);
    console[22] = 7;
    let spcr = table(*b"SPCR", &console);
    let xsdt = table(*b"XSDT", &[MADT, SPCR].map(u64::to_le_bytes).concat());
    let rsdt = table(*b"RSDT", &[MADT as u32, SPCR as u32].map(u32::to_le_bytes).concat());
    let memory = |root: &[u8], rsdp: [u8; 36]| {
        let mut memory = vec![0; 0x180];
        let parts = [(0, &rsdp[..]), (ROOT, root), (MADT, &madt), (SPCR, &spcr)];
        for (address, bytes) in parts {
            memory[address as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        memory
    };
    let (new, old) = (memory(&xsdt, rsdp(2)), memory(&rsdt, rsdp(0)));
    vec![seed("whole", 0, &new), seed("mended", 1, &new), seed("old", 0, &old)]
}

fn table(signature: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&signature[..], &[0; 32], body].concat();
    let length = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[8] = 2;
    sum_to_zero(&mut bytes, 9);
    bytes
}

fn rsdp(revision: u8) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..8].copy_from_slice(b"RSD PTR ");
    bytes[15] = revision;
    if revision < 2 {
        bytes[16..20].copy_from_slice(&(ROOT as u32).to_le_bytes());
    } else {
        bytes[20] = 36;
        bytes[24..32].copy_from_slice(&ROOT.to_le_bytes());
    }
    sum_to_zero(&mut bytes[..20], 8);
    sum_to_zero(&mut bytes, 32);
    bytes
}
