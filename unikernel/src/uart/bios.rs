//! The ports that a BIOS lists in its data area.

use crate::physical::{Physical, half};

/// Four ports of 2 bytes, 0 for none (IBM PC/AT technical reference, section 5: `RS232_BASE`).
const LISTED_PORTS: u64 = 0x400;

/// Ports of up to four UARTs, 0 for none.
pub fn ports_listed_by_bios(memory: &impl Physical) -> [u16; 4] {
    let bytes = memory.bytes(LISTED_PORTS, 8);
    bytes.map_or([0; 4], |bytes| [0, 2, 4, 6].map(|offset| half(bytes, offset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physical::tests::Bytes;

    #[test]
    fn four_ports_are_read() {
        let mut memory = Bytes::zeroed(0x500);
        memory.put(0x400, &[0xf8, 3, 0xf8, 2]);
        assert_eq!(ports_listed_by_bios(&memory), [0x3f8, 0x2f8, 0, 0]);
        assert_eq!(ports_listed_by_bios(&Bytes::zeroed(0x404)), [0; 4]);
    }
}
