//! Multiboot2's boot information (specification 2.0, 3.6).
//!
//! The crate checks the sequence of tags. Its typed tags panic where a loader contradicts itself within
//! one, so their contents are read from bytes here.

use multiboot2::{BootInformation, TagType};

use crate::acpi::{Rsdp, RsdpHint};
use crate::boot_info::{Area, AreaKind, BootError, BootInfo, BootRoute};
use crate::memory_map::Range;
use crate::physical::{Physical, quad, word};
use crate::video::VideoMode;

/// The least bytes of an area: start 0, length 8, type 16.
const AREA_BYTES: usize = 24;

/// An area's type: plain memory.
const AVAILABLE: u32 = 1;

/// Copies all that is wanted from `boot` into `info`. Modules must be readable in `memory`.
///
/// # Errors
/// A tag is malformed, or a part does not fit.
pub fn collect(
    boot: &BootInformation<'_>,
    memory: &impl Physical,
    info: &mut BootInfo,
) -> Result<(), BootError> {
    info.route = BootRoute::Multiboot2Bios;
    for tag in boot.tags() {
        let contents = tag.payload();
        match TagType::from(tag.header().typ) {
            TagType::BootLoaderName => info.set_loader(text(contents, "loader's name")?),
            TagType::Cmdline => info.set_command_line(text(contents, "command line")?)?,
            TagType::Module => collect_module(contents, memory, info)?,
            // A second map would list the same areas.
            TagType::Mmap if info.areas.is_empty() => collect_map(contents, info)?,
            TagType::Efi32 | TagType::Efi64 => info.route = BootRoute::Multiboot2Uefi,
            TagType::AcpiV1 if info.rsdp == RsdpHint::Unknown => collect_rsdp(contents, info),
            TagType::Framebuffer => info.video_mode = VideoMode::from_tag(contents),
            TagType::AcpiV2 => collect_rsdp(contents, info),
            _ => {}
        }
    }
    if info.areas.is_empty() { Err(BootError::NoMemoryMap) } else { Ok(()) }
}

/// Start 0, end 4, command line 8.
fn collect_module(
    contents: &[u8],
    memory: &impl Physical,
    info: &mut BootInfo,
) -> Result<(), BootError> {
    const MALFORMED: BootError = BootError::Malformed("module");
    let (addresses, name) = contents.split_at_checked(8).ok_or(MALFORMED)?;
    let (start, end) = (u64::from(word(addresses, 0)), u64::from(word(addresses, 4)));
    let bytes = end.checked_sub(start).ok_or(MALFORMED)?;
    memory.bytes(start, bytes).ok_or(MALFORMED)?;
    info.add_module(text(name, "module")?, Range::new(start, end))
}

/// Bytes of an area 0, version 4, areas 8.
fn collect_map(contents: &[u8], info: &mut BootInfo) -> Result<(), BootError> {
    const MALFORMED: BootError = BootError::Malformed("memory map");
    let (form, areas) = contents.split_at_checked(8).ok_or(MALFORMED)?;
    let bytes = word(form, 0) as usize;
    if bytes < AREA_BYTES {
        return Err(MALFORMED);
    }
    for area in areas.chunks_exact(bytes) {
        let kind = match word(area, 16) {
            AVAILABLE => AreaKind::Usable,
            _ => AreaKind::Reserved,
        };
        info.add_area(Area { start: quad(area, 0), length: quad(area, 8), kind })?;
    }
    Ok(())
}

/// A copy that is unsound is none.
fn collect_rsdp(contents: &[u8], info: &mut BootInfo) {
    if let Some(rsdp) = Rsdp::read(contents) {
        info.rsdp = RsdpHint::Copied(rsdp);
    }
}

/// What stands before the zero byte.
fn text<'t>(contents: &'t [u8], what: &'static str) -> Result<&'t [u8], BootError> {
    let end = contents.iter().position(|&byte| byte == 0).ok_or(BootError::Malformed(what))?;
    Ok(&contents[..end])
}
