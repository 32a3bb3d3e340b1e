//! The PVH boot protocol's `hvm_start_info` (Xen, `public/arch-x86/hvm/start_info.h`).
//!
//! Every field lies at a fixed little-endian offset:
//! `magic 0, version 4, flags 8, nr_modules 12, modlist 16, cmdline 24, rsdp 32, memmap 40,
//! memmap_entries 48`; a module is `start 0, size 8, cmdline 16, reserved 24`; a map entry is
//! `start 0, size 8, type 16, reserved 20`.

use crate::boot_info::{
    Area, AreaKind, BootError, BootInfo, BootRoute, MAX_AREAS, MAX_COMMAND_LINE,
};
use crate::memory_map::Range;

/// The first word of a `hvm_start_info`.
pub const START_INFO_MAGIC: u32 = 0x336e_c578;

const START_INFO_BYTES: u64 = 56;
const MODULE_BYTES: u64 = 32;
const MAP_ENTRY_BYTES: u64 = 24;

/// E820 type of plain memory.
const E820_RAM: u32 = 1;

/// Physical memory as the loader left it.
pub trait Physical {
    /// `length` bytes from `address` on, or `None` if they cannot be read.
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]>;
}

/// Whether a `hvm_start_info` lies at `address`.
pub fn is_start_info(memory: &impl Physical, address: u64) -> bool {
    memory.bytes(address, 4).is_some_and(|bytes| word(bytes, 0) == START_INFO_MAGIC)
}

/// Copies all that is wanted from the `hvm_start_info` at `address` into `info`.
///
/// # Errors
/// The structure is malformed, or a part does not fit.
pub fn collect(memory: &impl Physical, address: u64, info: &mut BootInfo) -> Result<(), BootError> {
    let start = read(memory, address, START_INFO_BYTES, "start_info")?;
    if word(start, 4) < 1 {
        // Version 0 has no memory map.
        return Err(BootError::NoMemoryMap);
    }
    info.route = BootRoute::Pvh;
    collect_command_line(memory, quad(start, 24), info)?;
    if word(start, 12) > 0 {
        collect_module(memory, quad(start, 16), info)?;
    }
    collect_map(memory, quad(start, 40), word(start, 48), info)
}

fn collect_command_line(
    memory: &impl Physical,
    address: u64,
    info: &mut BootInfo,
) -> Result<(), BootError> {
    if address == 0 {
        return Ok(());
    }
    let text = read(memory, address, MAX_COMMAND_LINE as u64 + 1, "command line")?;
    let end = text.iter().position(|&byte| byte == 0).ok_or(BootError::CommandLineTooLong)?;
    info.set_command_line(&text[..end])
}

fn collect_module(memory: &impl Physical, list: u64, info: &mut BootInfo) -> Result<(), BootError> {
    let module = read(memory, list, MODULE_BYTES, "module list")?;
    let (start, bytes) = (quad(module, 0), quad(module, 8));
    read(memory, start, bytes, "module")?;
    info.set_module(Range::new(start, start + bytes));
    Ok(())
}

fn collect_map(
    memory: &impl Physical,
    map: u64,
    entries: u32,
    info: &mut BootInfo,
) -> Result<(), BootError> {
    if entries == 0 {
        return Err(BootError::NoMemoryMap);
    }
    if entries as usize > MAX_AREAS {
        return Err(BootError::TooManyAreas);
    }
    let bytes = read(memory, map, u64::from(entries) * MAP_ENTRY_BYTES, "memory map")?;
    for entry in bytes.chunks_exact(MAP_ENTRY_BYTES as usize) {
        let kind = if word(entry, 16) == E820_RAM { AreaKind::Usable } else { AreaKind::Reserved };
        info.add_area(Area { start: quad(entry, 0), length: quad(entry, 8), kind })?;
    }
    Ok(())
}

fn read<'m>(
    memory: &'m impl Physical,
    address: u64,
    length: u64,
    what: &'static str,
) -> Result<&'m [u8], BootError> {
    memory.bytes(address, length).ok_or(BootError::Malformed(what))
}

fn word(bytes: &[u8], offset: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(word)
}

fn quad(bytes: &[u8], offset: usize) -> u64 {
    let mut quad = [0; 8];
    quad.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_le_bytes(quad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A little physical memory, readable from 0 to its end.
    struct Image(Vec<u8>);

    impl Physical for Image {
        fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
            let end = address.checked_add(length)?;
            self.0.get(usize::try_from(address).ok()?..usize::try_from(end).ok()?)
        }
    }

    const START_INFO: u64 = 0x40;
    const MODULES: u64 = 0x100;
    const MAP: u64 = 0x200;
    const COMMAND_LINE: u64 = 0x300;
    const PLAN: u64 = 0x400;

    impl Image {
        fn typical() -> Self {
            let mut image = Self(std::vec![0; 0x2000]);
            image.put(START_INFO, &START_INFO_MAGIC.to_le_bytes());
            image.put(START_INFO + 4, &1u32.to_le_bytes());
            image.put(START_INFO + 12, &1u32.to_le_bytes());
            image.put(START_INFO + 16, &MODULES.to_le_bytes());
            image.put(START_INFO + 24, &COMMAND_LINE.to_le_bytes());
            image.put(START_INFO + 40, &MAP.to_le_bytes());
            image.put(START_INFO + 48, &2u32.to_le_bytes());
            image.put(MODULES, &PLAN.to_le_bytes());
            image.put(MODULES + 8, &4u64.to_le_bytes());
            image.put_area(0, 0x10_0000, 0x700_0000, 1);
            image.put_area(1, 0xf000_0000, 0x1000, 2);
            image.put(COMMAND_LINE, b"crash=ud2\0");
            image.put(PLAN, b"plan");
            image
        }

        fn put(&mut self, address: u64, bytes: &[u8]) {
            let start = address as usize;
            self.0[start..start + bytes.len()].copy_from_slice(bytes);
        }

        fn put_area(&mut self, index: u64, start: u64, length: u64, kind: u32) {
            let entry = MAP + index * MAP_ENTRY_BYTES;
            self.put(entry, &start.to_le_bytes());
            self.put(entry + 8, &length.to_le_bytes());
            self.put(entry + 16, &kind.to_le_bytes());
        }

        fn collect(&self) -> Result<BootInfo, BootError> {
            let mut info = BootInfo::new();
            collect(self, START_INFO, &mut info).map(|()| info)
        }
    }

    #[test]
    fn command_line_module_and_map_arrive() {
        let image = Image::typical();
        assert!(is_start_info(&image, START_INFO));
        let info = image.collect().expect("well formed");
        assert_eq!(info.option("crash"), Some("ud2"));
        assert_eq!(info.module(), Some(Range::new(PLAN, PLAN + 4)));
        assert_eq!(
            info.areas.as_slice(),
            [
                Area { start: 0x10_0000, length: 0x700_0000, kind: AreaKind::Usable },
                Area { start: 0xf000_0000, length: 0x1000, kind: AreaKind::Reserved },
            ]
        );
    }

    #[test]
    fn absent_parts_are_absent() {
        let mut image = Image::typical();
        image.put(START_INFO + 12, &0u32.to_le_bytes());
        image.put(START_INFO + 24, &0u64.to_le_bytes());
        let info = image.collect().expect("well formed");
        assert_eq!(info.module(), None);
        assert_eq!(info.command_line(), "");
    }

    #[test]
    fn a_structure_that_points_nowhere_is_refused() {
        for (field, expected) in [(16, "module list"), (24, "command line"), (40, "memory map")] {
            let mut image = Image::typical();
            image.put(START_INFO + field, &u64::MAX.to_le_bytes());
            assert_eq!(image.collect().err(), Some(BootError::Malformed(expected)));
        }
    }

    #[test]
    fn more_than_there_is_is_refused() {
        let mut image = Image::typical();
        image.put(MODULES + 8, &(1u64 << 40).to_le_bytes());
        assert_eq!(image.collect().err(), Some(BootError::Malformed("module")));

        let mut image = Image::typical();
        image.put(COMMAND_LINE, &[b'x'; MAX_COMMAND_LINE + 1]);
        assert_eq!(image.collect().err(), Some(BootError::CommandLineTooLong));

        let mut image = Image::typical();
        image.put(START_INFO + 48, &u32::MAX.to_le_bytes());
        assert_eq!(image.collect().err(), Some(BootError::TooManyAreas));

        let mut image = Image::typical();
        image.put(START_INFO + 48, &0u32.to_le_bytes());
        assert_eq!(image.collect().err(), Some(BootError::NoMemoryMap));
    }
}
