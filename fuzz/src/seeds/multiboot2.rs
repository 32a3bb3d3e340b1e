//! What GRUB leaves for a kernel.

use super::Seed;

/// Types of tags (Multiboot2 specification 2.0, 3.6).
const COMMAND_LINE: u32 = 1;
const LOADER: u32 = 2;
const MODULE: u32 = 3;
const MEMORY_MAP: u32 = 6;
const FRAMEBUFFER: u32 = 8;
const EFI_64: u32 = 12;
const ACPI_NEW: u32 = 15;

pub(super) fn seeds() -> Vec<Seed> {
    let areas = [(0x10_0000u64, 0x700_0000u64, 1u32), (0xf000_0000, 0x1000, 2)];
    let mut map = [24u32, 0].map(u32::to_le_bytes).concat();
    for (start, length, kind) in areas {
        map.extend([start, length].map(u64::to_le_bytes).concat());
        map.extend([kind, 0].map(u32::to_le_bytes).concat());
    }
    let module = [&[0, 0, 0, 0, 16, 0, 0, 0][..], b"quick and more\0"].concat();
    let command_line = b"plan=quick com=2 bauds=9600 seed=7\0";
    let common = [
        tag(COMMAND_LINE, command_line),
        tag(LOADER, b"GRUB 2.06\0"),
        tag(MODULE, &module),
        tag(MEMORY_MAP, &map),
    ]
    .concat();
    let mut framebuffer = 0xe000_0000u64.to_le_bytes().to_vec();
    framebuffer.extend([4096u32, 1024, 768].map(u32::to_le_bytes).concat());
    framebuffer.extend([32, 1, 0, 0, 16, 8, 8, 8, 0, 8]);
    let uefi = [
        common.clone(),
        tag(EFI_64, &[0; 8]),
        tag(FRAMEBUFFER, &framebuffer),
        tag(ACPI_NEW, b"RSD PTR "),
    ]
    .concat();
    vec![("bios".to_owned(), common), ("uefi".to_owned(), uefi)]
}

fn tag(kind: u32, contents: &[u8]) -> Vec<u8> {
    let length = 8 + contents.len() as u32;
    let mut tag = [&kind.to_le_bytes()[..], &length.to_le_bytes(), contents].concat();
    tag.resize(tag.len().next_multiple_of(8), 0);
    tag
}
