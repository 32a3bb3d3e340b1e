//! Model-specific registers that tell on bare metal whether somebody interfered: firmware by system
//! management interrupts, heat by throttling, power management by another frequency. Under a
//! hypervisor they are the host's affair.

/// What the CPU says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// CPUID leaf 0.
    pub vendor: &'a str,
    /// CPUID leaf 1, ECX bit 31.
    pub hypervisor: bool,
    /// CPUID leaf 6, EAX.
    pub thermal: u32,
    /// CPUID leaf 6, ECX.
    pub power: u32,
}

/// Where the microcode's revision lies in MSR 0x8B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MicrocodeField {
    /// Intel: in the upper half, after 0 was written and CPUID executed (SDM vol. 3A, 11.11.7.1).
    UpperAfterCpuid,
    /// AMD: in the lower half (APM vol. 2, *Patch Level*).
    Lower,
}

/// Registers that may be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metal {
    /// `MSR_SMI_COUNT`. No CPUID bit tells of it: Intel has had it since Nehalem.
    pub smi_count: bool,
    /// `IA32_APERF` and `IA32_MPERF`.
    pub aperf_mperf: bool,
    /// `IA32_THERM_STATUS`.
    pub thermal_status: bool,
    /// `IA32_BIOS_SIGN_ID`.
    pub microcode: Option<MicrocodeField>,
}

impl Metal {
    /// What `identity` lets us read: nothing if there is a hypervisor.
    pub fn of(identity: Identity<'_>) -> Self {
        if identity.hypervisor {
            return Self::default();
        }
        let intel = identity.vendor == "GenuineIntel";
        Self {
            smi_count: intel,
            aperf_mperf: identity.power & 1 == 1,
            thermal_status: intel && identity.thermal & 1 == 1,
            microcode: match identity.vendor {
                "GenuineIntel" => Some(MicrocodeField::UpperAfterCpuid),
                "AuthenticAMD" => Some(MicrocodeField::Lower),
                _ => None,
            },
        }
    }
}

/// Whether `IA32_THERM_STATUS` tells of throttling now (bit 0) or since its log was cleared: by the
/// thermal monitor (bit 1), by the platform (PROCHOT, bit 3), or critically (bit 5). Intel SDM vol. 3B,
/// 15.8.5.2.
pub const fn is_throttled(thermal_status: u64) -> bool {
    thermal_status & (1 << 0 | 1 << 1 | 1 << 3 | 1 << 5) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTEL: Identity<'_> =
        Identity { vendor: "GenuineIntel", hypervisor: false, thermal: 0x77, power: 0x9 };

    #[test]
    fn intel_on_bare_metal_tells_everything() {
        let everything = Metal {
            smi_count: true,
            aperf_mperf: true,
            thermal_status: true,
            microcode: Some(MicrocodeField::UpperAfterCpuid),
        };
        assert_eq!(Metal::of(INTEL), everything);
    }

    #[test]
    fn nothing_is_read_under_a_hypervisor() {
        assert_eq!(Metal::of(Identity { hypervisor: true, ..INTEL }), Metal::default());
    }

    #[test]
    fn amd_has_neither_intels_smi_count_nor_its_thermal_status() {
        let metal = Metal::of(Identity { vendor: "AuthenticAMD", ..INTEL });
        assert!(!metal.smi_count && !metal.thermal_status && metal.aperf_mperf);
        assert_eq!(metal.microcode, Some(MicrocodeField::Lower));
    }

    #[test]
    fn what_cpuid_does_not_offer_is_not_read() {
        let metal = Metal::of(Identity { thermal: 0x76, power: 0x8, ..INTEL });
        assert!(!metal.thermal_status && !metal.aperf_mperf);
    }

    #[test]
    fn a_hot_cpu_and_one_that_was_hot_are_throttled() {
        for bit in [0, 1, 3, 5] {
            assert!(is_throttled(1 << bit));
        }
        assert!(!is_throttled(0x8832_0000 | 1 << 10), "a mere temperature");
    }
}
