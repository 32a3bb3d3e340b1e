//! Boot information as GRUB writes it, and as no loader should.

use multiboot2::BootInformation;
use proptest::prelude::*;
use unikernel::acpi::{Rsdp, RsdpHint};
use unikernel::boot_info::{Area, AreaKind, BootError, BootInfo, BootRoute, MAX_MODULES};
use unikernel::memory_map::Range;
use unikernel::multiboot2::collect;
use unikernel::physical::Physical;

const COMMAND_LINE: u32 = 1;
const LOADER: u32 = 2;
const MODULE: u32 = 3;
const MEMORY_MAP: u32 = 6;
const EFI_64: u32 = 12;
const ACPI_OLD: u32 = 14;
const ACPI_NEW: u32 = 15;

/// Memory of zeroes up to 16 MiB.
struct Zeroes(Vec<u8>);

impl Physical for Zeroes {
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
        let end = usize::try_from(address.checked_add(length)?).ok()?;
        self.0.get(usize::try_from(address).ok()?..end)
    }
}

/// Tags in a row, as 8-byte words for their alignment.
#[derive(Clone, Debug, Default)]
struct Tags(Vec<u8>);

impl Tags {
    fn with(mut self, kind: u32, contents: &[u8]) -> Self {
        self.0.extend(kind.to_le_bytes());
        self.0.extend((8 + contents.len() as u32).to_le_bytes());
        self.0.extend(contents);
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        self
    }

    /// What a loader always gives.
    fn typical() -> Self {
        Self::default()
            .with(COMMAND_LINE, b"plan=full seed=3\0")
            .with(LOADER, b"GRUB 2.06\0")
            .with(MODULE, &module(0x10_0000, 0x10_0010, b"quick\0"))
            .with(MODULE, &module(0x10_1000, 0x10_2000, b"full and more\0"))
            .with(MEMORY_MAP, &map(24, &[(0x10_0000, 0x700_0000, 1), (0xf000_0000, 0x1000, 2)]))
    }

    fn collect(&self) -> Result<BootInfo, BootError> {
        let tags = self.clone().with(0, &[]).0;
        let length = 8 + tags.len();
        let header = [length as u32, 0].map(u32::to_le_bytes).concat();
        let bytes = [header, tags].concat();
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect();
        // SAFETY: `words` is aligned, has as many bytes as it says, and is not written to.
        let boot = unsafe { BootInformation::load(words.as_ptr().cast()) };
        let boot = boot.map_err(|_| BootError::Malformed("tag sequence"))?;
        let mut info = BootInfo::new();
        collect(&boot, &Zeroes(vec![0; 16 << 20]), &mut info).map(|()| info)
    }

    fn error(&self) -> Option<BootError> {
        self.collect().err()
    }
}

fn module(start: u32, end: u32, command_line: &[u8]) -> Vec<u8> {
    [&start.to_le_bytes()[..], &end.to_le_bytes(), command_line].concat()
}

fn map(bytes: u32, areas: &[(u64, u64, u32)]) -> Vec<u8> {
    let mut contents = [bytes, 0].map(u32::to_le_bytes).concat();
    for (start, length, kind) in areas {
        let mut area =
            [&start.to_le_bytes()[..], &length.to_le_bytes(), &kind.to_le_bytes()].concat();
        area.resize(bytes as usize, 0);
        contents.extend(area);
    }
    contents
}

/// A pointer whose checksums are right.
fn rsdp(revision: u8, length: usize) -> Vec<u8> {
    let mut bytes = [0; 36];
    bytes[..8].copy_from_slice(b"RSD PTR ");
    bytes[15] = revision;
    bytes[16..20].copy_from_slice(&0x1000u32.to_le_bytes());
    bytes[24..32].copy_from_slice(&0x2000u64.to_le_bytes());
    for (place, end) in [(8, 20), (32, 36)] {
        let sum = bytes[..end].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        bytes[place] = 0u8.wrapping_sub(sum);
    }
    bytes[..length].to_vec()
}

#[test]
fn all_parts_arrive() {
    let info = Tags::typical().collect().expect("well formed");
    assert_eq!(info.route, BootRoute::Multiboot2Bios);
    assert_eq!(info.command_line(), "plan=full seed=3");
    assert_eq!(info.loader(), "GRUB 2.06");
    let modules: Vec<_> = info.modules().iter().map(|one| (one.name(), one.addresses)).collect();
    let expected =
        [("quick", Range::new(0x10_0000, 0x10_0010)), ("full", Range::new(0x10_1000, 0x10_2000))];
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
fn uefi_is_known_by_its_system_table() {
    let info = Tags::typical().with(EFI_64, &[0; 8]).collect().expect("well formed");
    assert_eq!(info.route, BootRoute::Multiboot2Uefi);
}

#[test]
fn the_newer_copy_of_the_acpi_pointer_counts_wherever_it_stands() {
    let (old, new) = (rsdp(0, 20), rsdp(2, 36));
    let hint = |tags: Tags| tags.collect().expect("well formed").rsdp;
    let newer = RsdpHint::Copied(Rsdp { rsdt: 0x1000, xsdt: 0x2000 });
    assert_eq!(hint(Tags::typical().with(ACPI_OLD, &old).with(ACPI_NEW, &new)), newer);
    assert_eq!(hint(Tags::typical().with(ACPI_NEW, &new).with(ACPI_OLD, &old)), newer);
    let older = RsdpHint::Copied(Rsdp { rsdt: 0x1000, xsdt: 0 });
    assert_eq!(hint(Tags::typical().with(ACPI_OLD, &old)), older);
    assert_eq!(hint(Tags::typical().with(ACPI_OLD, &[7; 20])), RsdpHint::Unknown);
}

#[test]
fn areas_may_be_longer_than_today() {
    let tags = Tags::default().with(MEMORY_MAP, &map(40, &[(0, 4096, 1), (8192, 4096, 1)]));
    let areas = tags.collect().expect("well formed").areas;
    assert_eq!(areas.iter().map(|area| area.start).collect::<Vec<_>>(), [0, 8192]);
}

#[test]
fn a_memory_map_must_be_there_and_sound() {
    assert_eq!(Tags::default().error(), Some(BootError::NoMemoryMap));
    for form in [&[][..], &[24, 0, 0, 0], &map(0, &[]), &map(23, &[(0, 4096, 1)])] {
        let tags = Tags::default().with(MEMORY_MAP, form);
        assert_eq!(tags.error(), Some(BootError::Malformed("memory map")), "{form:?}");
    }
    let crowd = Tags::default().with(MEMORY_MAP, &map(24, &[(0, 1, 1); 257]));
    assert_eq!(crowd.error(), Some(BootError::TooManyAreas));
}

#[test]
fn a_module_must_be_where_memory_is() {
    let outside = [
        module(0x10_0010, 0x10_0000, b"\0"),
        module(0, 0x7fff_ffff, b"\0"),
        module(0x10_0000, 0x10_0010, b"no end"),
        vec![0; 7],
    ];
    for bad in outside {
        let tags = Tags::typical().with(MODULE, &bad);
        assert_eq!(tags.error(), Some(BootError::Malformed("module")), "{bad:?}");
    }
    let crowd = (0..=MAX_MODULES)
        .fold(Tags::default(), |tags, _| tags.with(MODULE, &module(0x10_0000, 0x10_0010, b"\0")));
    assert_eq!(crowd.error(), Some(BootError::TooManyModules));
}

#[test]
fn texts_end_with_a_zero_byte() {
    let command_line = Tags::typical().with(COMMAND_LINE, b"no end");
    assert_eq!(command_line.error(), Some(BootError::Malformed("command line")));
    let loader = Tags::typical().with(LOADER, b"");
    assert_eq!(loader.error(), Some(BootError::Malformed("loader's name")));
}

proptest! {
    #[test]
    fn no_tags_panic(
        tags in proptest::collection::vec(
            (0u32..24, proptest::collection::vec(any::<u8>(), 0..80)), 0..20
        )
    ) {
        let all = tags.iter().fold(Tags::default(), |all, (kind, bytes)| all.with(*kind, bytes));
        let _ = all.collect();
    }

    #[test]
    fn damaged_tags_never_panic(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20)
    ) {
        let mut tags = Tags::typical();
        for (place, byte) in damage {
            let place = place.index(tags.0.len());
            tags.0[place] = byte;
        }
        let _ = tags.collect();
    }
}
