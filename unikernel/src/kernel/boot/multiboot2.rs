//! Multiboot2's boot information.

use ::multiboot2::{BootInformation, MemoryAreaType, MemoryMapTag, ModuleTag, TagType};
use unikernel::boot_info::{Area, AreaKind, BootError, BootInfo, BootRoute};
use unikernel::memory_map::Range;
use unikernel::pvh::Physical;
use unikernel::video::VideoMode;

use super::loaded::Loaded;
use crate::kernel::memory::layout::direct;

/// Copies all that is wanted from the boot information at `address` into `info`.
///
/// # Errors
/// The information is malformed, or a part does not fit.
pub fn collect(address: u32, info: &mut BootInfo) -> Result<(), BootError> {
    let start = direct(u64::from(address)).as_ptr();
    // SAFETY: the loader put it there (Multiboot2, 3.3), the boot page tables map it, and nobody
    // writes outside the kernel's image before this function returns.
    let boot = unsafe { BootInformation::load(start) }
        .map_err(|_| BootError::Malformed("tag sequence"))?;
    let uefi = boot.efi_sdt64_tag().is_some() || boot.efi_sdt32_tag().is_some();
    info.route = if uefi { BootRoute::Multiboot2Uefi } else { BootRoute::Multiboot2Bios };
    if let Some(Ok(name)) = boot.boot_loader_name_tag().map(|tag| tag.name()) {
        info.set_loader(name);
    }
    if let Some(tag) = boot.tags().find(|tag| tag.header().typ == TagType::Framebuffer) {
        info.video_mode = VideoMode::from_tag(tag.payload());
    }
    if let Some(tag) = boot.command_line_tag() {
        let text = tag.cmdline().map_err(|_| BootError::Malformed("command line"))?;
        info.set_command_line(text.as_bytes())?;
    }
    if let Some(module) = boot.module_tags().next() {
        collect_module(module, info)?;
    }
    collect_map(boot.memory_map_tag().ok_or(BootError::NoMemoryMap)?, info)
}

fn collect_module(module: &ModuleTag, info: &mut BootInfo) -> Result<(), BootError> {
    let (start, end) = (u64::from(module.start_address()), u64::from(module.end_address()));
    let bytes = end.checked_sub(start).ok_or(BootError::Malformed("module"))?;
    Loaded.bytes(start, bytes).ok_or(BootError::Malformed("module"))?;
    info.set_module(Range::new(start, end));
    Ok(())
}

fn collect_map(map: &MemoryMapTag, info: &mut BootInfo) -> Result<(), BootError> {
    if map.entry_size() as usize != size_of::<::multiboot2::MemoryArea>() {
        return Err(BootError::Malformed("memory map"));
    }
    for area in map.memory_areas() {
        let kind = match area.typ() {
            MemoryAreaType::Available => AreaKind::Usable,
            _ => AreaKind::Reserved,
        };
        info.add_area(Area { start: area.start_address(), length: area.size(), kind })?;
    }
    Ok(())
}
