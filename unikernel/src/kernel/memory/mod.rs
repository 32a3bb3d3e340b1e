//! The machine's memory: the kernel's own page tables, the arena, and buffers from what remains.

pub mod layout;
mod tables;

use core::mem::MaybeUninit;
use core::{ptr, slice};

use unikernel::boot_info::{BootInfo, BootModule};
use unikernel::memory_map::{Range, Ranges, below, usable};
use unikernel::options::MemoryLimit;
use unikernel::page_tables::{LARGE_PAGE_BYTES, OutOfTables};
use unikernel::regions::Regions;
use vm::{Arena, FRAME_BYTES, PhysicalAddress};
use wire::Value;

use super::crash;
use super::facts::Facts;
use layout::{Image, direct, physical};
pub use tables::KernelRoot;

/// Usable memory, owned.
#[derive(Debug)]
pub struct Memory {
    regions: Regions,
    kernel_root: KernelRoot,
    usable_kib: u64,
    limit: Option<MemoryLimit>,
    modules: &'static [BootModule],
}

impl Memory {
    /// Takes over all usable memory below `limit` but the boot modules', and loads the final page tables,
    /// which map the registers at `device` as well. From here on the boot information's own memory may be
    /// overwritten.
    pub fn take_over(
        info: &'static BootInfo,
        limit: Option<MemoryLimit>,
        device: Option<Range>,
    ) -> Self {
        let usable = usable(&info.areas, physical(Image::linked().whole));
        let usable = below(usable, limit.map_or(u64::MAX, |MemoryLimit(end)| end));
        let mut regions = Regions::new(usable.clone());
        let modules = info.modules();
        for module in modules {
            regions.keep(module.addresses);
        }
        match tables::build(&usable, modules, device, &mut regions) {
            Ok(kernel_root) => {
                kernel_root.load();
                let usable_kib = usable_kib(&usable);
                Self { regions, kernel_root, usable_kib, limit, modules }
            }
            Err(OutOfTables) => crash::refuse(format_args!(
                "{} KiB of usable memory below 4 GiB hold not even the page tables: add memory.",
                usable_kib(&usable)
            )),
        }
    }

    /// The page tables that map the kernel and nothing else.
    pub const fn kernel_root(&self) -> KernelRoot {
        self.kernel_root
    }

    /// What is in the boot module of this number, if there are so many.
    pub fn module(&self, number: usize) -> Option<&'static [u8]> {
        let module = self.modules.get(number)?.addresses;
        let start = direct::<u8>(module.start).as_ptr();
        // SAFETY: `build` mapped it, any bytes make a `[u8]`, and `take_over` kept it from ever being
        // handed out, so nobody writes to it.
        Some(unsafe { slice::from_raw_parts(start, module.bytes() as usize) })
    }

    /// What is free, in bytes.
    pub fn free_bytes(&self) -> u64 {
        self.regions.free_bytes()
    }

    /// The largest arena that could be had, in frames.
    pub fn largest_arena(&self) -> u64 {
        self.regions.largest(LARGE_PAGE_BYTES).bytes() / FRAME_BYTES as u64
    }

    /// Adds what there is.
    pub fn report(&self, facts: &mut Facts<'_>) {
        if let Some(MemoryLimit(end)) = self.limit {
            facts.add("memory.limit_kib", Value::Number(end / 1024));
        }
        facts.add("memory.usable_kib", Value::Number(self.usable_kib));
        facts.add("memory.largest_arena_frames", Value::Number(self.largest_arena()));
    }

    /// A buffer of `count` copies of `value`.
    pub fn take_slice<T: Copy>(&mut self, count: usize, value: T) -> Option<&'static mut [T]> {
        let bytes = count.checked_mul(size_of::<T>())? as u64;
        let range = self.regions.take(bytes, align_of::<T>() as u64, u64::MAX)?;
        let start = direct::<MaybeUninit<T>>(range.start).as_ptr();
        // SAFETY: `Regions` hands out each byte once and aligned; all usable memory is in the direct
        // map for good; any bytes make a `MaybeUninit`.
        let buffer = unsafe { slice::from_raw_parts_mut(start, count) };
        buffer.fill(MaybeUninit::new(value));
        let values = ptr::from_mut(buffer) as *mut [T];
        // SAFETY: every element has just been filled, and `buffer` is not used again.
        Some(unsafe { &mut *values })
    }

    /// An arena of `frames`: one run, starting at a multiple of 2 MiB. `None` if no run is that long.
    pub fn take_arena(&mut self, frames: u32) -> Option<Arena> {
        let bytes = u64::from(frames) * FRAME_BYTES as u64;
        let range = self.regions.take_arena(bytes, LARGE_PAGE_BYTES)?;
        let base = direct(range.start);
        // SAFETY: `Regions` hands out each byte once, and all usable memory is in the direct map for
        // good.
        Some(unsafe { Arena::from_raw(base, frames, PhysicalAddress(range.start)) })
    }
}

fn usable_kib(usable: &Ranges) -> u64 {
    usable.iter().map(|range| range.bytes()).sum::<u64>() / 1024
}
