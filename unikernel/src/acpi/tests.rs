//! Tables as QEMU, BIOSes and adversaries write them.

use std::vec::Vec;

use proptest::prelude::*;

use super::{Acpi, AcpiError, Console, Processors, Rsdp, RsdpHint, read};
use crate::physical::tests::Bytes;
use crate::uart::{AccessWidth, Baud, DescribedUart, Rate, UartClock, UartRegisters};

const RSDP: u64 = 0xf_5a40;
const RSDT: u64 = 0x10_0000;
const XSDT: u64 = 0x10_0400;
const MADT: u64 = 0x10_1000;
const SPCR: u64 = 0x10_2000;

/// A machine's tables at usual places.
struct Machine(Bytes);

impl Machine {
    /// Both tables, listed by an XSDT behind entries that lead nowhere.
    fn typical() -> Self {
        let mut machine = Self(Bytes::zeroed(0x11_0000));
        machine.put_rsdp(RSDP, 2, 0, XSDT);
        let entries = [0, u64::MAX, XSDT, MADT, SPCR];
        machine.put_table(XSDT, *b"XSDT", 1, &entries.map(u64::to_le_bytes).concat());
        machine.put_table(MADT, *b"APIC", 3, &madt(&[local(0, 1), local(1, 1)]));
        machine.put_table(SPCR, *b"SPCR", 2, &spcr(0, [1, 8, 0, 1], 0x2f8, 7));
        machine
    }

    fn put_rsdp(&mut self, address: u64, revision: u8, rsdt: u32, xsdt: u64) {
        let mut bytes = [0; 36];
        bytes[..8].copy_from_slice(b"RSD PTR ");
        bytes[15] = revision;
        bytes[16..20].copy_from_slice(&rsdt.to_le_bytes());
        bytes[20] = 36;
        bytes[24..32].copy_from_slice(&xsdt.to_le_bytes());
        bytes[8] = complement(&bytes[..20]);
        bytes[32] = complement(&bytes);
        self.0.put(address, &bytes);
    }

    fn put_table(&mut self, address: u64, signature: [u8; 4], revision: u8, body: &[u8]) {
        let mut bytes = [0; 36].to_vec();
        bytes[..4].copy_from_slice(&signature);
        bytes.extend_from_slice(body);
        let length = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8] = revision;
        bytes[9] = complement(&bytes);
        self.0.put(address, &bytes);
    }

    fn read(&self) -> Result<Acpi, AcpiError> {
        read(&self.0, RsdpHint::Unknown)
    }
}

fn complement(bytes: &[u8]) -> u8 {
    0u8.wrapping_sub(bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)))
}

fn madt(entries: &[Vec<u8>]) -> Vec<u8> {
    [&0xfee0_0000u32.to_le_bytes()[..], &1u32.to_le_bytes(), &entries.concat()].concat()
}

fn local(id: u8, flags: u32) -> Vec<u8> {
    [&[0, 8, id, id][..], &flags.to_le_bytes()].concat()
}

fn x2apic(id: u32, flags: u32) -> Vec<u8> {
    let words = [id, flags, id].map(u32::to_le_bytes).concat();
    [&[9, 16, 0, 0][..], &words].concat()
}

/// A body of revisions 1 and 2; `address` has space, width, offset and access size.
fn spcr(interface: u8, address: [u8; 4], base: u64, rate: u8) -> Vec<u8> {
    let mut body = [0; 44].to_vec();
    body[0] = interface;
    body[4..8].copy_from_slice(&address);
    body[8..16].copy_from_slice(&base.to_le_bytes());
    body[22] = rate;
    body
}

fn console(revision: u8, body: &[u8]) -> Option<Console> {
    let mut machine = Machine::typical();
    machine.put_table(SPCR, *b"SPCR", revision, body);
    machine.read().expect("tables").console
}

fn processors(entries: &[Vec<u8>]) -> Option<Processors> {
    let mut machine = Machine::typical();
    machine.put_table(MADT, *b"APIC", 3, &madt(entries));
    machine.read().expect("tables").processors
}

const COM2: UartRegisters = UartRegisters::Ports { base: 0x2f8 };

const fn uart(registers: UartRegisters, rate: Rate) -> Console {
    Console::Uart(DescribedUart { registers, rate, clock: UartClock::PC })
}

fn baud(rate: u32) -> Rate {
    Rate::Baud(Baud::new(rate).expect("a rate"))
}

#[test]
fn both_tables_are_found_by_a_scan() {
    let acpi = Machine::typical().read().expect("tables");
    assert_eq!(acpi.processors, Some(Processors { enabled: 2, x2apic_entries: 0 }));
    assert_eq!(acpi.console, Some(uart(COM2, baud(115_200))));
}

#[test]
fn a_loaders_hint_needs_no_scan() {
    let mut machine = Machine::typical();
    machine.0.put(RSDP, b"not here");
    assert_eq!(machine.read(), Err(AcpiError::NoRsdp));
    let copied = RsdpHint::Copied(Rsdp { rsdt: 0, xsdt: XSDT });
    assert!(read(&machine.0, copied).is_ok());
    machine.put_rsdp(0x8_0008, 2, 0, XSDT);
    assert!(read(&machine.0, RsdpHint::At(0x8_0008)).is_ok());
}

#[test]
fn a_wrong_hint_is_followed_by_a_scan() {
    for address in [0, 0x10_0000, u64::MAX, 0x10_fff0] {
        assert!(read(&Machine::typical().0, RsdpHint::At(address)).is_ok(), "{address:#x}");
    }
}

#[test]
fn the_extended_data_area_is_scanned() {
    let mut machine = Machine::typical();
    machine.0.put(RSDP, b"not here");
    machine.0.put(0x40e, &0x9fc0u16.to_le_bytes());
    machine.put_rsdp(0x9_fff0 - 0x20, 2, 0, XSDT);
    assert!(machine.read().is_ok());
}

#[test]
fn an_old_machine_has_addresses_of_four_bytes() {
    let mut machine = Machine::typical();
    machine.put_rsdp(RSDP, 0, RSDT as u32, XSDT);
    let entries = [MADT as u32, SPCR as u32].map(u32::to_le_bytes).concat();
    machine.put_table(RSDT, *b"RSDT", 1, &entries);
    assert_eq!(machine.read(), Machine::typical().read());
}

#[test]
fn an_unsound_xsdt_leaves_the_rsdt() {
    let mut machine = Machine::typical();
    machine.put_rsdp(RSDP, 2, RSDT as u32, XSDT);
    machine.0.put(XSDT + 9, &[0]);
    assert_eq!(machine.read(), Err(AcpiError::NoRootTable));
    machine.put_table(RSDT, *b"RSDT", 1, &(MADT as u32).to_le_bytes());
    assert!(machine.read().is_ok_and(|acpi| acpi.processors.is_some() && acpi.console.is_none()));
}

#[test]
fn a_table_that_lies_about_its_length_is_absent() {
    for length in [0, 35, 300 * 1024, 0xffff_ffff_u32] {
        let mut machine = Machine::typical();
        machine.0.put(MADT + 4, &length.to_le_bytes());
        assert_eq!(machine.read().expect("tables").processors, None, "{length}");
    }
}

#[test]
fn a_table_longer_than_any_is_absent() {
    for (body, present) in [(250 * 1024, true), (260 * 1024, false)] {
        let mut machine = Machine::typical();
        machine.0.0.resize(0x20_0000, 0);
        machine.put_table(MADT, *b"APIC", 3, &std::vec![0; body]);
        assert_eq!(machine.read().expect("tables").processors.is_some(), present, "{body}");
    }
}

#[test]
fn a_table_with_a_wrong_checksum_is_absent_unless_there_is_another() {
    let mut machine = Machine::typical();
    machine.0.put(MADT + 50, &[7]);
    assert_eq!(machine.read().expect("tables").processors, None);
    machine.put_table(RSDT, *b"APIC", 3, &madt(&[local(5, 1)]));
    let entries = [MADT, RSDT].map(u64::to_le_bytes).concat();
    machine.put_table(XSDT, *b"XSDT", 1, &entries);
    assert_eq!(machine.read().expect("tables").processors.map(|found| found.enabled), Some(1));
}

#[test]
fn a_cpu_counts_once_and_only_if_it_may_be_used() {
    let entries =
        [local(0, 1), local(1, 0), x2apic(0, 1), x2apic(300, 1), local(2, 2), x2apic(7, 0)];
    assert_eq!(processors(&entries), Some(Processors { enabled: 2, x2apic_entries: 3 }));
}

#[test]
fn entries_of_other_kinds_are_passed_over() {
    let io_apic = [&[1, 12][..], &[0; 10]].concat();
    let pin = [&[4, 6][..], &[0xff; 4]].concat();
    let entries = [local(0, 1), io_apic, pin, local(1, 1)];
    assert_eq!(processors(&entries).map(|found| found.enabled), Some(2));
}

#[test]
fn a_list_ends_where_an_entry_contradicts_itself() {
    for bad in [&[0, 0][..], &[0, 1], &[0, 200, 1, 1], &[9]] {
        let enabled = processors(&[local(0, 1), bad.to_vec()]).map(|found| found.enabled);
        assert_eq!(enabled, Some(1), "{bad:?}");
    }
    // Too short for what it claims to be, but of a length: the rest is read.
    let short = processors(&[[0, 4, 9, 9].to_vec(), local(3, 1)]);
    assert_eq!(short.map(|found| found.enabled), Some(1));
}

#[test]
fn a_crowd_counts_as_many_as_there_is_room_for() {
    let entries: Vec<Vec<u8>> = (0..1100).map(|id| x2apic(id, 1)).collect();
    assert_eq!(processors(&entries), Some(Processors { enabled: 1024, x2apic_entries: 1100 }));
}

#[test]
fn a_console_at_io_ports() {
    assert_eq!(console(1, &spcr(1, [1, 8, 0, 0], 0x2f8, 3)), Some(uart(COM2, baud(9600))));
    assert_eq!(console(2, &spcr(0x12, [1, 8, 0, 1], 0x2f8, 0)), Some(uart(COM2, Rate::AsFound)));
    assert_eq!(console(2, &spcr(0, [1, 8, 0, 1], 0x1_0000, 7)), Some(Console::Unusable));
}

#[test]
fn a_console_in_memory_has_the_stride_that_the_address_gives() {
    use AccessWidth::{Byte, DoubleWord, Word};
    let at = |width, access| console(2, &spcr(0x12, [0, width, 0, access], 0xfe03_4000, 7));
    let found = |stride, width| {
        let registers = UartRegisters::Memory { base: 0xfe03_4000, stride, width };
        Some(uart(registers, baud(115_200)))
    };
    assert_eq!(at(8, 0), found(1, Byte));
    assert_eq!(at(8, 1), found(1, Byte));
    assert_eq!(at(32, 0), found(4, DoubleWord));
    assert_eq!(at(32, 1), found(4, Byte));
    assert_eq!(at(32, 3), found(4, DoubleWord));
    assert_eq!(at(8, 3), found(4, DoubleWord));
    assert_eq!(at(16, 2), found(2, Word));
    assert_eq!(at(64, 4), Some(Console::Unusable));
    assert_eq!(at(0, 0), found(1, Byte));
}

#[test]
fn later_revisions_tell_clock_and_precise_rate() {
    let mut body = spcr(0x12, [1, 8, 0, 1], 0x2f8, 7);
    body.extend_from_slice(&[0; 8]);
    body[40..44].copy_from_slice(&48_000_000u32.to_le_bytes());
    body[44..48].copy_from_slice(&921_600u32.to_le_bytes());
    let clock = UartClock::new(48_000_000).expect("a clock");
    let expected =
        |rate, clock| Some(Console::Uart(DescribedUart { registers: COM2, rate, clock }));
    assert_eq!(console(4, &body), expected(baud(921_600), clock));
    assert_eq!(console(3, &body), expected(baud(115_200), clock));
    assert_eq!(console(2, &body), expected(baud(115_200), UartClock::PC));
}

#[test]
fn a_console_that_is_off_or_no_16550() {
    assert_eq!(console(2, &spcr(0, [0; 4], 0, 0)), Some(Console::Off));
    let pl011 = spcr(3, [0, 32, 0, 3], 0x900_0000, 3);
    assert_eq!(console(2, &pl011), Some(Console::Unusable));
    assert_eq!(console(2, &spcr(0, [2, 8, 0, 1], 0x2f8, 7)), Some(Console::Unusable));
    assert_eq!(console(1, &[0; 43]), None, "too short");
}

proptest! {
    /// Whatever bytes are wrong, and wherever they lead, reading ends.
    #[test]
    fn damaged_tables_never_panic(
        damage in proptest::collection::vec((0u64..0x2100, any::<u8>()), 1..40),
        repair in any::<bool>(),
    ) {
        let mut machine = Machine::typical();
        for (offset, byte) in damage {
            machine.0.put(RSDT + offset, &[byte]);
        }
        if repair {
            // A right checksum lets the damage in.
            for (address, length) in [(XSDT, 36 + 40), (MADT, 36 + 24), (SPCR, 80)] {
                let start = address as usize;
                machine.0.0[start + 9] = 0;
                let sum = complement(&machine.0.0[start..start + length]);
                machine.0.0[start + 9] = sum;
            }
        }
        let _ = machine.read();
    }

    #[test]
    fn random_tables_never_panic(
        signature in proptest::sample::select(std::vec![(*b"APIC", MADT), (*b"SPCR", SPCR)]),
        revision in any::<u8>(),
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut machine = Machine::typical();
        machine.put_table(signature.1, signature.0, revision, &body);
        prop_assert!(machine.read().is_ok());
    }
}
