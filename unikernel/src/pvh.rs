//! The PVH boot protocol's `hvm_start_info` (Xen, `public/arch-x86/hvm/start_info.h`).
//!
//! Every field lies at a fixed little-endian offset:
//! `magic 0, version 4, flags 8, nr_modules 12, modlist 16, cmdline 24, rsdp 32, memmap 40,
//! memmap_entries 48`; a module is `start 0, size 8, cmdline 16, reserved 24`; a map entry is
//! `start 0, size 8, type 16, reserved 20`.

use crate::acpi::RsdpHint;
use crate::boot_info::{
    Area, AreaKind, BootError, BootInfo, BootRoute, MAX_AREAS, MAX_COMMAND_LINE, MAX_MODULES,
};
use crate::memory_map::Range;
use crate::physical::{Physical, quad, word};

/// The first word of a `hvm_start_info`.
pub const START_INFO_MAGIC: u32 = 0x336e_c578;

const START_INFO_BYTES: u64 = 56;
const MODULE_BYTES: u64 = 32;
const MAP_ENTRY_BYTES: u64 = 24;

/// E820 type of plain memory.
const E820_RAM: u32 = 1;

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
    if quad(start, 32) != 0 {
        info.rsdp = RsdpHint::At(quad(start, 32));
    }
    if quad(start, 24) != 0 {
        info.set_command_line(text(memory, quad(start, 24))?)?;
    }
    collect_modules(memory, quad(start, 16), word(start, 12), info)?;
    collect_map(memory, quad(start, 40), word(start, 48), info)
}

/// The text at `address`, up to its zero byte.
fn text(memory: &impl Physical, address: u64) -> Result<&[u8], BootError> {
    let text = read(memory, address, MAX_COMMAND_LINE as u64 + 1, "command line")?;
    let end = text.iter().position(|&byte| byte == 0).ok_or(BootError::CommandLineTooLong)?;
    Ok(&text[..end])
}

fn collect_modules(
    memory: &impl Physical,
    list: u64,
    modules: u32,
    info: &mut BootInfo,
) -> Result<(), BootError> {
    if modules as usize > MAX_MODULES {
        return Err(BootError::TooManyModules);
    }
    let list = read(memory, list, u64::from(modules) * MODULE_BYTES, "module list")?;
    for module in list.chunks_exact(MODULE_BYTES as usize) {
        let (start, bytes) = (quad(module, 0), quad(module, 8));
        read(memory, start, bytes, "module")?;
        let name = match quad(module, 16) {
            0 => &[],
            address => text(memory, address)?,
        };
        info.add_module(name, Range::new(start, start + bytes))?;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physical::tests::Bytes;

    const START_INFO: u64 = 0x40;
    const MODULES: u64 = 0x100;
    const MAP: u64 = 0x200;
    const COMMAND_LINE: u64 = 0x300;
    const PLAN: u64 = 0x800;
    const NAME: u64 = 0x900;
    const RSDP: u64 = 0xf_5a00;

    /// A `start_info` with all parts.
    struct Image(Bytes);

    impl Image {
        fn typical() -> Self {
            let mut image = Self(Bytes::zeroed(0x2000));
            image.put(START_INFO, &START_INFO_MAGIC.to_le_bytes());
            image.put(START_INFO + 4, &1u32.to_le_bytes());
            image.put(START_INFO + 12, &2u32.to_le_bytes());
            image.put(START_INFO + 16, &MODULES.to_le_bytes());
            image.put(START_INFO + 24, &COMMAND_LINE.to_le_bytes());
            image.put(START_INFO + 32, &RSDP.to_le_bytes());
            image.put(START_INFO + 40, &MAP.to_le_bytes());
            image.put(START_INFO + 48, &2u32.to_le_bytes());
            image.put(MODULES, &PLAN.to_le_bytes());
            image.put(MODULES + 8, &4u64.to_le_bytes());
            image.put(MODULES + 32, &PLAN.to_le_bytes());
            image.put(MODULES + 40, &2u64.to_le_bytes());
            image.put(MODULES + 48, &NAME.to_le_bytes());
            image.put_area(0, 0x10_0000, 0x700_0000, 1);
            image.put_area(1, 0xf000_0000, 0x1000, 2);
            image.put(COMMAND_LINE, b"crash=ud2\0");
            image.put(NAME, b"full and more\0");
            image.put(PLAN, b"plan");
            image
        }

        fn put(&mut self, address: u64, bytes: &[u8]) {
            self.0.put(address, bytes);
        }

        fn put_area(&mut self, index: u64, start: u64, length: u64, kind: u32) {
            let entry = MAP + index * MAP_ENTRY_BYTES;
            self.put(entry, &start.to_le_bytes());
            self.put(entry + 8, &length.to_le_bytes());
            self.put(entry + 16, &kind.to_le_bytes());
        }

        fn collect(&self) -> Result<BootInfo, BootError> {
            let mut info = BootInfo::new();
            collect(&self.0, START_INFO, &mut info).map(|()| info)
        }
    }

    #[test]
    fn all_parts_arrive() {
        let image = Image::typical();
        assert!(is_start_info(&image.0, START_INFO));
        let info = image.collect().expect("well formed");
        assert_eq!(info.command_line(), "crash=ud2");
        assert_eq!(info.rsdp, RsdpHint::At(RSDP));
        let modules: Vec<_> =
            info.modules().iter().map(|module| (module.name(), module.addresses)).collect();
        let expected = [("", Range::new(PLAN, PLAN + 4)), ("full", Range::new(PLAN, PLAN + 2))];
        assert_eq!(modules, expected);
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
        image.put(START_INFO + 32, &0u64.to_le_bytes());
        let info = image.collect().expect("well formed");
        assert!(info.modules().is_empty());
        assert_eq!(info.command_line(), "");
        assert_eq!(info.rsdp, RsdpHint::Unknown);
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
        image.put(START_INFO + 12, &u32::MAX.to_le_bytes());
        assert_eq!(image.collect().err(), Some(BootError::TooManyModules));

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
