//! What CPUID says.

use raw_cpuid::{CpuId, Hypervisor as Signature};
use unikernel::execution::Hypervisor;
use wire::Value;

use super::counters::microcode;
use crate::kernel::facts::Facts;

/// The answers that the kernel itself needs.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Who claims to be below.
    pub hypervisor: Hypervisor,
    /// Whether that is QEMU, with TCG or KVM.
    pub platform: Platform,
    /// Whether the TSC runs at one rate whatever the CPU does.
    pub invariant_tsc: bool,
    /// Whether CR4.PCIDE may be set.
    pub pcid: bool,
    /// Whether there is INVPCID.
    pub invpcid: bool,
}

/// Whether QEMU's debugging devices may be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// They may.
    Qemu,
    /// They may not: their ports may belong to something else.
    Other,
}

impl Features {
    /// Asks the CPU.
    pub fn read() -> Self {
        let cpuid = CpuId::new();
        let signature = cpuid.get_hypervisor_info().map(|info| info.identify());
        Self {
            hypervisor: match signature {
                None => Hypervisor::Absent,
                Some(Signature::QEMU) => Hypervisor::Tcg,
                Some(_) => Hypervisor::Other,
            },
            platform: match signature {
                Some(Signature::QEMU | Signature::KVM) => Platform::Qemu,
                _ => Platform::Other,
            },
            invariant_tsc: cpuid
                .get_advanced_power_mgmt_info()
                .is_some_and(|info| info.has_invariant_tsc()),
            pcid: cpuid.get_feature_info().is_some_and(|info| info.has_pcid()),
            invpcid: cpuid.get_extended_feature_info().is_some_and(|info| info.has_invpcid()),
        }
    }
}

/// The number of this CPU's local APIC, which needs no APIC to be read.
pub fn own_apic_id() -> u32 {
    let cpuid = CpuId::new();
    let levels = cpuid.get_extended_topology_info();
    let wide = levels.and_then(|mut levels| levels.next()).map(|level| level.x2apic_id());
    let narrow = || cpuid.get_feature_info().map(|info| u32::from(info.initial_local_apic_id()));
    wide.or_else(narrow).unwrap_or_default()
}

/// Reports the CPU's identity and the features that matter here.
pub fn report(facts: &mut Facts<'_>) {
    let cpuid = CpuId::new();
    if let Some(vendor) = cpuid.get_vendor_info() {
        facts.add("cpu.vendor", Value::Text(vendor.as_str()));
    }
    if let Some(brand) = cpuid.get_processor_brand_string() {
        facts.add("cpu.brand", Value::Text(brand.as_str().trim()));
    }
    report_hypervisor(&cpuid, facts);
    if let Some(revision) = microcode() {
        facts.add("cpu.microcode", Value::Hex(revision));
    }
    if let Some(info) = cpuid.get_feature_info() {
        facts.add("cpu.family", Value::Number(info.family_id().into()));
        facts.add("cpu.model", Value::Number(info.model_id().into()));
        facts.add("cpu.stepping", Value::Number(info.stepping_id().into()));
        facts.add("cpu.pge", Value::Flag(info.has_pge()));
        facts.add("cpu.pcid", Value::Flag(info.has_pcid()));
        facts.add("cpu.x2apic", Value::Flag(info.has_x2apic()));
    }
    let extended = cpuid.get_extended_feature_info();
    facts.add(
        "cpu.invpcid",
        Value::Flag(extended.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_invpcid)),
    );
    facts.add(
        "cpu.smep",
        Value::Flag(extended.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_smep)),
    );
    facts.add(
        "cpu.smap",
        Value::Flag(extended.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_smap)),
    );
    facts.add(
        "cpu.la57",
        Value::Flag(extended.as_ref().is_some_and(raw_cpuid::ExtendedFeatures::has_la57)),
    );
    let identifiers = cpuid.get_extended_processor_and_feature_identifiers();
    let identifiers = identifiers.as_ref();
    facts.add(
        "cpu.nx",
        Value::Flag(
            identifiers
                .is_some_and(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_execute_disable),
        ),
    );
    facts.add(
        "cpu.rdtscp",
        Value::Flag(
            identifiers.is_some_and(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_rdtscp),
        ),
    );
    facts.add(
        "cpu.1g_pages",
        Value::Flag(
            identifiers.is_some_and(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_1gib_pages),
        ),
    );
    let capacity = cpuid.get_processor_capacity_feature_info();
    facts.add("cpu.invlpgb", Value::Flag(capacity.is_some_and(|c| c.has_invlpgb())));
}

/// The signature, twelve characters in three registers.
fn report_hypervisor(cpuid: &CpuId<raw_cpuid::CpuIdReaderNative>, facts: &mut Facts<'_>) {
    let name = match cpuid.get_hypervisor_info().map(|info| info.identify()) {
        None => "none",
        Some(Signature::Xen) => "XenVMMXenVMM",
        Some(Signature::VMware) => "VMwareVMware",
        Some(Signature::HyperV) => "Microsoft Hv",
        Some(Signature::KVM) => "KVMKVMKVM",
        Some(Signature::QEMU) => "TCGTCGTCGTCG",
        Some(Signature::Bhyve) => "bhyve bhyve",
        Some(Signature::QNX) => "QNXQVMBSQG",
        Some(Signature::ACRN) => "ACRNACRNACRN",
        Some(Signature::Unknown(..)) => "unknown",
    };
    facts.add("cpu.hypervisor", Value::Text(name));
}
