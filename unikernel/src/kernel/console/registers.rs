//! Loads and stores of a UART's registers, wherever they are.

use core::ptr::NonNull;

use unikernel::uart::{AccessWidth, UartRegisters};
use volatile::VolatilePtr;
use x86_64::instructions::port::Port;

use crate::kernel::memory::layout::direct;

/// Reads register `number`, 0 to 7.
///
/// # Safety
/// `registers` are those of a UART or of nothing, and those in memory are mapped in the direct map.
pub unsafe fn read(registers: UartRegisters, number: u8) -> u8 {
    match registers {
        UartRegisters::Ports { base } => {
            // SAFETY: by this function's contract.
            unsafe { Port::new(base + u16::from(number)).read() }
        }
        UartRegisters::Memory { base, stride, width } => {
            let address = base + u64::from(number) * u64::from(stride);
            match width {
                // SAFETY: by this function's contract, as the next two.
                AccessWidth::Byte => unsafe { register::<u8>(address) }.read(),
                // SAFETY: `UartRegisters` are aligned to their width.
                AccessWidth::Word => unsafe { register::<u16>(address) }.read() as u8,
                // SAFETY: as above.
                AccessWidth::DoubleWord => unsafe { register::<u32>(address) }.read() as u8,
            }
        }
    }
}

/// Writes register `number`, 0 to 7.
///
/// # Safety
/// As for [`read`].
pub unsafe fn write(registers: UartRegisters, number: u8, value: u8) {
    match registers {
        UartRegisters::Ports { base } => {
            // SAFETY: by this function's contract.
            unsafe { Port::new(base + u16::from(number)).write(value) };
        }
        UartRegisters::Memory { base, stride, width } => {
            let address = base + u64::from(number) * u64::from(stride);
            match width {
                // SAFETY: by this function's contract, as the next two.
                AccessWidth::Byte => unsafe { register::<u8>(address) }.write(value),
                // SAFETY: `UartRegisters` are aligned to their width.
                AccessWidth::Word => unsafe { register::<u16>(address) }.write(value.into()),
                // SAFETY: as above.
                AccessWidth::DoubleWord => unsafe { register::<u32>(address) }.write(value.into()),
            }
        }
    }
}

/// The register at a physical address.
///
/// # Safety
/// It is mapped in the direct map and aligned, and only the line's owner uses it.
unsafe fn register<T: Copy>(physical: u64) -> VolatilePtr<'static, T> {
    let pointer: NonNull<T> = direct(physical);
    // SAFETY: by this function's contract.
    unsafe { VolatilePtr::new(pointer) }
}
