//! The kernel's final page tables: its image by section, all usable memory, the boot modules, and devices. The lower
//! half stays empty, and with it the page at 0.

use unikernel::boot_info::BootModule;
use unikernel::memory_map::{PAGE_BYTES, Range, Ranges, outside, pages};
use unikernel::page_tables::{
    ENTRIES, OutOfTables, PageSize, PageTables, Protection, Table, TableMemory,
};
use unikernel::regions::Regions;

use super::layout::{BOOT_MAP_END, Image, direct, direct_address, physical};
use crate::kernel::apic;
use crate::kernel::cpu::control::load_root;
use crate::kernel::cpu::stacks;
use crate::kernel::screen;

/// The page tables that map the kernel and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct KernelRoot {
    physical: u64,
}

impl KernelRoot {
    /// The physical address, for CR3.
    pub const fn physical(self) -> u64 {
        self.physical
    }

    /// Makes these the CPU's tables.
    pub fn load(self) {
        // SAFETY: they map the running kernel, its stacks and all usable memory.
        unsafe { load_root(self.physical) }
    }

    /// The entries for the upper half, which every address space shares.
    pub fn upper_entries(self) -> &'static [u64] {
        // SAFETY: the root lies in the direct map and never changes after `build`.
        let root: &'static Table = unsafe { direct::<Table>(self.physical).as_ref() };
        &root[ENTRIES / 2..]
    }
}

/// Builds the tables in memory taken from `regions`.
pub fn build(
    usable: &Ranges,
    modules: &[BootModule],
    device: Option<Range>,
    regions: &mut Regions,
) -> Result<KernelRoot, OutOfTables> {
    let mut kernel = Kernel { tables: PageTables::new(Taken { regions })? };
    let image = Image::linked();
    kernel.map_part(image.text, Protection::ReadExecute)?;
    kernel.map_part(image.rodata, Protection::Read)?;
    for part in stacks::without_guards(image.data) {
        kernel.map_part(part, Protection::ReadWrite)?;
    }
    for &range in usable {
        kernel.map_direct(range, Protection::ReadWrite)?;
    }
    // A loader may have put them where the firmware's map shows nothing usable.
    let modules = pages(modules.iter().map(|module| module.addresses));
    for range in modules.iter().flat_map(|module| outside(*module, usable)) {
        kernel.map_direct(range, Protection::Read)?;
    }
    kernel.map_direct(screen::memory(), Protection::VideoMemory)?;
    for device in apic::registers().into_iter().chain(device) {
        kernel.map_direct(device.grow_to_pages(), Protection::Device)?;
    }
    Ok(KernelRoot { physical: kernel.tables.root() })
}

struct Kernel<'r> {
    tables: PageTables<Taken<'r>>,
}

impl Kernel<'_> {
    fn map_part(&mut self, part: Range, protection: Protection) -> Result<(), OutOfTables> {
        self.tables.map(part.start, physical(part), protection, PageSize::Small)
    }

    fn map_direct(&mut self, range: Range, protection: Protection) -> Result<(), OutOfTables> {
        let address = direct_address(range.start);
        self.tables.map(address, range, protection, PageSize::LargeWherePossible)
    }
}

/// Tables in memory that the boot page tables map too.
struct Taken<'r> {
    regions: &'r mut Regions,
}

impl TableMemory for Taken<'_> {
    fn allocate(&mut self) -> Option<u64> {
        let page = self.regions.take(PAGE_BYTES, PAGE_BYTES, BOOT_MAP_END)?;
        // SAFETY: `Regions` hands out each page once, and below `BOOT_MAP_END` it is mapped.
        unsafe { direct::<Table>(page.start).write_bytes(0, 1) };
        Some(page.start)
    }

    fn table(&mut self, physical: u64) -> &mut Table {
        // SAFETY: `allocate` took this page for tables and zeroed it; `&mut self` keeps other
        // references out.
        unsafe { direct::<Table>(physical).as_mut() }
    }
}
