//! Physical memory as the loader left it, seen through the boot page tables.

use core::slice;

use unikernel::physical::Physical;

use crate::kernel::memory::layout::{BOOT_MAP_END, direct};

/// The first 4 GiB. Only of use while nothing there has been handed out.
#[derive(Debug)]
pub struct Loaded;

impl Physical for Loaded {
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
        if address.checked_add(length)? > BOOT_MAP_END {
            return None;
        }
        let start = direct::<u8>(address).as_ptr();
        // SAFETY: the boot page tables map it, any bytes make a `[u8]`, and until the copying of the
        // boot information is over nobody writes outside the kernel's image.
        Some(unsafe { slice::from_raw_parts(start, length as usize) })
    }
}
