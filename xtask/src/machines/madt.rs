//! The body of an ACPI table of processors (MADT, ACPI 6.5, 5.2.12) whose numbers need x2APIC entries. QEMU
//! writes such entries only where KVM runs the machine.

/// Physical address of the local APICs.
const LOCAL_APIC: u32 = 0xfee0_0000;

/// Type and length of a processor's local x2APIC structure (5.2.12.12).
const LOCAL_X2APIC: [u8; 2] = [9, 16];

const ENABLED: u32 = 1;

/// The first number that does not fit an entry of the old kind.
const FIRST_NUMBER: u32 = 255;

/// The table behind its header, with `entries` processors.
pub fn with_x2apics(entries: u32) -> Vec<u8> {
    let mut body = [LOCAL_APIC.to_le_bytes(), 0u32.to_le_bytes()].concat();
    for number in FIRST_NUMBER..FIRST_NUMBER + entries {
        body.extend(LOCAL_X2APIC);
        body.extend([0, 0]);
        for word in [number, ENABLED, number] {
            body.extend(word.to_le_bytes());
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_the_length_that_it_says() {
        let body = with_x2apics(3);
        assert_eq!(body.len(), 8 + 3 * usize::from(LOCAL_X2APIC[1]));
        assert_eq!(body[8..16], [9, 16, 0, 0, 255, 0, 0, 0]);
        assert_eq!(body[24..32], [9, 16, 0, 0, 0, 1, 0, 0]);
    }
}
