//! ACPI tables.

use unikernel::acpi::{Console, RsdpHint, read};

use crate::memory::Memory;

/// Bytes of a table's header; its length is at 4, its checksum at 9.
const HEADER: usize = 36;

/// Where tables may begin, if their checksums are to be mended.
const STEP: usize = 64;

/// The input is a byte that says whether checksums are mended, which a fuzzer would not find, and physical
/// memory from address 0 on, where the RSDP lies.
pub fn acpi(input: &[u8]) -> usize {
    let Some((way, bytes)) = input.split_first() else { return 0 };
    let mut memory = Memory::of(bytes);
    if way % 2 == 1 {
        mend(&mut memory.0);
    }
    let Ok(acpi) = read(&memory, RsdpHint::At(0)) else { return 0 };
    let processors = acpi.processors.map_or(0, |processors| processors.enabled as usize);
    let console = acpi.console.and_then(Console::uart).is_some();
    1 + processors + usize::from(console)
}

fn mend(memory: &mut [u8]) {
    for start in (STEP..memory.len() - HEADER).step_by(STEP) {
        let table = &mut memory[start..];
        let length = u32::from_le_bytes([table[4], table[5], table[6], table[7]]) as usize;
        if let Some(table) = table.get_mut(..length).filter(|table| table.len() >= HEADER) {
            sum_to_zero(table, 9);
        }
    }
    sum_to_zero(&mut memory[..20], 8);
    sum_to_zero(&mut memory[..36], 32);
}

/// Sets the byte at `place` so that all together make 0.
pub(crate) fn sum_to_zero(bytes: &mut [u8], place: usize) {
    bytes[place] = 0;
    let sum = bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    bytes[place] = 0u8.wrapping_sub(sum);
}
