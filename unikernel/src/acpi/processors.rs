//! The MADT's list of CPUs (ACPI 6.5, 5.2.12).

use heapless::Vec;

use super::table::HEADER_BYTES;
use crate::physical::word;

/// More CPUs than these count as so many.
pub const MAX_PROCESSORS: usize = 1024;

/// The list follows the header, the local APIC's address and flags.
const ENTRIES: usize = HEADER_BYTES + 8;

/// Types of entries, and the bytes that they have at least.
const LOCAL_APIC: u8 = 0;
const LOCAL_APIC_BYTES: usize = 8;
const LOCAL_X2APIC: u8 = 9;
const LOCAL_X2APIC_BYTES: usize = 16;

/// Flags bit 0: the CPU may be used.
const ENABLED: u32 = 1 << 0;

/// CPUs as the firmware lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processors {
    /// How many may be used, at most [`MAX_PROCESSORS`].
    pub enabled: u32,
    /// How many entries have the form that large APIC ids need, usable or not.
    pub x2apic_entries: u32,
}

impl Processors {
    /// Reads a table whose checksum is right. A CPU may be listed in both forms and counts once; the list
    /// ends where an entry contradicts itself.
    pub(super) fn read(table: &[u8]) -> Option<Self> {
        let mut ids: Vec<u32, MAX_PROCESSORS> = Vec::new();
        let mut x2apic_entries = 0;
        for entry in Entries(table.get(ENTRIES..)?) {
            let (id, flags) = match entry[0] {
                LOCAL_APIC if entry.len() >= LOCAL_APIC_BYTES => (entry[3].into(), word(entry, 4)),
                LOCAL_X2APIC if entry.len() >= LOCAL_X2APIC_BYTES => {
                    x2apic_entries += 1;
                    (word(entry, 4), word(entry, 8))
                }
                _ => continue,
            };
            if flags & ENABLED != 0 && !ids.contains(&id) {
                // Past the capacity nobody counts.
                let _ = ids.push(id);
            }
        }
        Some(Self { enabled: ids.len() as u32, x2apic_entries })
    }
}

/// Entries of type 0, length 1.
struct Entries<'t>(&'t [u8]);

impl<'t> Iterator for Entries<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let length = usize::from(*self.0.get(1)?);
        if length < 2 {
            return None;
        }
        let (entry, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(entry)
    }
}
