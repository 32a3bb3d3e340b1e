//! What `entry.S` saves before anything can change it.

use core::cell::UnsafeCell;

use wire::Value;

use crate::kernel::facts::Facts;

/// The loader's and the firmware's register values at entry.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Handoff {
    pub magic: u32,
    pub information: u32,
    pub cr0: u32,
    pub cr4: u32,
    pub efer: u64,
    pub pat: u64,
}

/// Control registers as the firmware left them.
#[derive(Clone, Copy, Debug)]
pub struct Firmware {
    /// CR0; the upper half is reserved.
    pub cr0: u32,
    /// CR4; the bits above 31 cannot be set outside of 64-bit mode.
    pub cr4: u32,
    /// `IA32_EFER`.
    pub efer: u64,
    /// `IA32_PAT`.
    pub pat: u64,
}

/// Storage that `entry.S` fills.
#[repr(transparent)]
pub struct HandoffCell(UnsafeCell<Handoff>);

// SAFETY: written by `entry.S` before any Rust code runs, and only read ever after.
unsafe impl Sync for HandoffCell {}

/// Filled by `entry.S`.
pub static HANDOFF: HandoffCell = HandoffCell(UnsafeCell::new(Handoff {
    magic: 0,
    information: 0,
    cr0: 0,
    cr4: 0,
    efer: 0,
    pat: 0,
}));

impl HandoffCell {
    /// What `entry.S` saved.
    pub fn get(&self) -> Handoff {
        // SAFETY: nobody writes any more (see `Sync`). Volatile, since the compiler saw no write.
        unsafe { self.0.get().read_volatile() }
    }
}

impl Handoff {
    /// The firmware's control registers.
    pub const fn firmware(&self) -> Firmware {
        Firmware { cr0: self.cr0, cr4: self.cr4, efer: self.efer, pat: self.pat }
    }
}

impl Firmware {
    /// Adds the values.
    pub fn report(&self, facts: &mut Facts<'_>) {
        facts.add("cr0.firmware", Value::Hex(self.cr0.into()));
        facts.add("cr4.firmware", Value::Hex(self.cr4.into()));
        facts.add("efer.firmware", Value::Hex(self.efer));
        facts.add("pat.firmware", Value::Hex(self.pat));
    }
}
