//! A table: its header, its checksum, and the table that lists all others (ACPI 6.5, 5.2.6 to 5.2.8).

use super::rsdp::Rsdp;
use crate::physical::{Physical, quad, word};

/// Bytes of the header that every table begins with: signature 0, length 4, revision 8, checksum 9.
pub const HEADER_BYTES: usize = 36;

/// Longer tables count as unsound: a MADT of 4096 CPUs takes a quarter of it.
const MAX_TABLE_BYTES: u32 = 256 * 1024;

/// Tables past these are not looked at; a large server has 60.
const MAX_TABLES: usize = 256;

/// Whether the checksum of `bytes` is right.
pub fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0
}

/// The table at `address`, header included, if it is sound and has this signature.
fn table(memory: &impl Physical, address: u64, signature: [u8; 4]) -> Option<&[u8]> {
    let header = memory.bytes(address, HEADER_BYTES as u64)?;
    let length = word(header, 4);
    let plausible = HEADER_BYTES as u32 <= length && length <= MAX_TABLE_BYTES;
    if !header.starts_with(&signature) || !plausible {
        return None;
    }
    memory.bytes(address, length.into()).filter(|bytes| sums_to_zero(bytes))
}

/// The table that lists all others.
pub struct RootTable<'m> {
    entries: &'m [u8],
    /// In bytes, 4 or 8.
    entry: usize,
}

impl<'m> RootTable<'m> {
    /// The one with the longer addresses, if it is sound, else the other.
    pub fn read(memory: &'m impl Physical, rsdp: Rsdp) -> Option<Self> {
        let root = |address: u64, signature, entry| {
            let bytes = (address != 0).then(|| table(memory, address, signature))??;
            Some(Self { entries: &bytes[HEADER_BYTES..], entry })
        };
        root(rsdp.xsdt, *b"XSDT", 8).or_else(|| root(rsdp.rsdt.into(), *b"RSDT", 4))
    }

    /// The first sound table with this signature.
    pub fn find(&self, memory: &'m impl Physical, signature: [u8; 4]) -> Option<&'m [u8]> {
        let entries = self.entries.chunks_exact(self.entry).take(MAX_TABLES);
        let address = |entry: &[u8]| match self.entry {
            8 => quad(entry, 0),
            _ => word(entry, 0).into(),
        };
        entries.map(address).find_map(|address| table(memory, address, signature))
    }
}
