//! Where things are in the upper half of every address space.

use core::ptr::{NonNull, with_exposed_provenance_mut};

use unikernel::memory_map::Range;

/// Added to a physical address inside the image, gives its virtual one (as in `linker.ld`).
pub const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;

/// Added to a physical address, gives its place in the direct map.
const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// The first physical address that the boot page tables do not map.
pub const BOOT_MAP_END: u64 = 1 << 32;

/// The virtual address of a physical one in the direct map.
pub const fn direct_address(physical: u64) -> u64 {
    DIRECT_MAP + physical
}

/// Where the direct map shows `physical`. Whether anything is mapped there is the caller's concern.
pub fn direct<T>(physical: u64) -> NonNull<T> {
    let pointer = with_exposed_provenance_mut(direct_address(physical) as usize);
    NonNull::new(pointer).expect("the direct map does not start at 0")
}

unsafe extern "C" {
    static image_start: u8;
    static text_start: u8;
    static text_end: u8;
    static rodata_start: u8;
    static rodata_end: u8;
    static data_start: u8;
    static data_end: u8;
    static image_end: u8;
}

/// Virtual addresses of the image's parts, page-aligned.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// All of it, `.boot` included.
    pub whole: Range,
    /// Code.
    pub text: Range,
    /// Constants.
    pub rodata: Range,
    /// Data, `.bss` and stacks.
    pub data: Range,
}

impl Image {
    /// As the linker laid it out.
    pub fn linked() -> Self {
        let range =
            |start: *const u8, end: *const u8| Range::new(start.addr() as u64, end.addr() as u64);
        Self {
            whole: range(&raw const image_start, &raw const image_end),
            text: range(&raw const text_start, &raw const text_end),
            rodata: range(&raw const rodata_start, &raw const rodata_end),
            data: range(&raw const data_start, &raw const data_end),
        }
    }
}

/// The physical range of a part of the image.
pub const fn physical(part: Range) -> Range {
    Range::new(part.start - KERNEL_BASE, part.end - KERNEL_BASE)
}
