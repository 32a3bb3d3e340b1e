//! The root system description pointer (ACPI 6.5, 5.2.5).

use super::table::sums_to_zero;
use crate::physical::{Physical, half, quad, word};

const SIGNATURE: &[u8; 8] = b"RSD PTR ";

/// Bytes of revision 0, and of revision 2.
const FIRST_BYTES: usize = 20;
const SECOND_BYTES: usize = 36;

/// The pointer lies on such a boundary.
const STEP: usize = 16;

/// Where a BIOS keeps it (5.2.5.1): in the first KiB of its extended data area, whose segment is at
/// 0x40e, or here.
const BIOS_START: u64 = 0xe_0000;
const BIOS_BYTES: u64 = 0x2_0000;
const EXTENDED_DATA_SEGMENT: u64 = 0x40e;
const EXTENDED_DATA_BYTES: u64 = 1024;

/// What a boot loader says of the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsdpHint {
    /// Nothing.
    Unknown,
    /// That it lies at this physical address.
    At(u64),
    /// What it says.
    Copied(Rsdp),
}

/// Physical addresses of the tables of tables, 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsdp {
    /// With addresses of 4 bytes.
    pub rsdt: u32,
    /// With addresses of 8 bytes.
    pub xsdt: u64,
}

impl Rsdp {
    /// The pointer that `bytes` begin with, if it is sound. The longer form may be unsound by itself; its
    /// beginning counts then.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let first = bytes.get(..FIRST_BYTES)?;
        if !first.starts_with(SIGNATURE) || !sums_to_zero(first) {
            return None;
        }
        let revision = first[15];
        let second = bytes.get(..SECOND_BYTES).filter(|bytes| revision >= 2 && sums_to_zero(bytes));
        Some(Self { rsdt: word(first, 16), xsdt: second.map_or(0, |bytes| quad(bytes, 24)) })
    }

    /// The pointer that `hint` means, else the BIOS's.
    pub(super) fn find(memory: &impl Physical, hint: RsdpHint) -> Option<Self> {
        let hinted = match hint {
            RsdpHint::Unknown => None,
            RsdpHint::At(address) => Self::at(memory, address),
            RsdpHint::Copied(rsdp) => Some(rsdp),
        };
        hinted
            .or_else(|| Self::scan(memory, extended_data(memory)?, EXTENDED_DATA_BYTES))
            .or_else(|| Self::scan(memory, BIOS_START, BIOS_BYTES))
    }

    /// Memory may end after the short form.
    fn at(memory: &impl Physical, address: u64) -> Option<Self> {
        let long = memory.bytes(address, SECOND_BYTES as u64);
        Self::read(long.or_else(|| memory.bytes(address, FIRST_BYTES as u64))?)
    }

    fn scan(memory: &impl Physical, start: u64, length: u64) -> Option<Self> {
        let bytes = memory.bytes(start, length)?;
        (0..bytes.len()).step_by(STEP).find_map(|offset| Self::read(&bytes[offset..]))
    }
}

fn extended_data(memory: &impl Physical) -> Option<u64> {
    let segment = half(memory.bytes(EXTENDED_DATA_SEGMENT, 2)?, 0);
    (segment != 0).then_some(u64::from(segment) << 4)
}
