//! Finds multiboot2's boot information.

use ::multiboot2::BootInformation;
use unikernel::boot_info::{BootError, BootInfo};
use unikernel::physical::{Physical, word};

use super::loaded::Loaded;

/// Copies all that is wanted from the boot information at `address` into `info`.
///
/// # Errors
/// The information is malformed, or a part does not fit.
pub fn collect(address: u32, info: &mut BootInfo) -> Result<(), BootError> {
    const MALFORMED: BootError = BootError::Malformed("tag sequence");
    // Bytes in all 0, reserved 4.
    let header = Loaded.bytes(address.into(), 8).ok_or(MALFORMED)?;
    let whole = Loaded.bytes(address.into(), word(header, 0).into()).ok_or(MALFORMED)?;
    // SAFETY: as many bytes as it claims to have can be read, and nobody writes outside the kernel's
    // image before this function returns.
    let boot = unsafe { BootInformation::load(whole.as_ptr().cast()) }.map_err(|_| MALFORMED)?;
    unikernel::multiboot2::collect(&boot, &Loaded, info)
}
