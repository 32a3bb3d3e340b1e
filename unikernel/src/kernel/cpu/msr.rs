//! Model-specific registers that may not exist: a CPU that refuses gives nothing, and no crash.

use core::arch::global_asm;

global_asm!(include_str!("msr.S"), options(att_syntax));

#[repr(C)]
struct Outcome {
    value: u64,
    refused: u64,
}

unsafe extern "sysv64" {
    fn msr_read(register: u32) -> Outcome;
    fn msr_write(register: u32, value: u64) -> Outcome;
}

impl Outcome {
    const fn accepted(self) -> Option<u64> {
        if self.refused == 0 { Some(self.value) } else { None }
    }
}

/// The register's value, if the CPU has it.
pub fn read(register: u32) -> Option<u64> {
    // SAFETY: reading has no effect on memory, and a fault comes back as a refusal.
    unsafe { msr_read(register) }.accepted()
}

/// Writes to the register, if the CPU has it and takes the value.
///
/// # Safety
/// The value must not change how memory is seen or which code runs.
pub unsafe fn write(register: u32, value: u64) -> Option<()> {
    // SAFETY: the caller's promise, and a fault comes back as a refusal.
    unsafe { msr_write(register, value) }.accepted().map(drop)
}
