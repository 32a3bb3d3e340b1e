//! The page walk, as the CPU does it (Intel SDM vol. 3A, 5.5).

use rmap::{Frame, PageIndex, SLOTS_PER_TABLE};
use vm::{Arena, FRAME_BYTES, PhysicalAddress, Pte, PteSlot};

use crate::tlb::{PageSize, Translation};

/// Bits of a page's number below the slots of the root, and of the two levels of directories.
const DIRECTORY_SHIFTS: [u32; 3] = [27, 18, LOWEST_DIRECTORY];

/// The directory whose entries can map 2 MiB pages.
const LOWEST_DIRECTORY: u32 = 9;

/// Where a walk ended: an entry that maps the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) slot: PteSlot<'a>,
    pub(crate) translation: Translation,
    pub(crate) accessed: bool,
}

/// Walks the tables under `root`. `None`: they map nothing at `page`. Entries that are not present
/// are the VM's to use as it likes; none of their other bits is looked at.
pub(crate) fn walk(arena: &Arena, root: Frame, page: PageIndex) -> Option<Leaf<'_>> {
    let mut table = root;
    let mut writable = true;
    for shift in DIRECTORY_SHIFTS {
        let slot = slot_of(arena, table, page.0 >> shift);
        let entry = slot.read();
        if !entry.is_present() {
            return None;
        }
        writable &= entry.is_writable();
        if shift == LOWEST_DIRECTORY && entry.is_huge() {
            return leaf(arena, slot, entry, writable, PageSize::Huge);
        }
        table = arena.frame_at(entry.address())?;
    }
    let slot = slot_of(arena, table, page.0);
    let entry = slot.read();
    if !entry.is_present() {
        return None;
    }
    leaf(arena, slot, entry, writable && entry.is_writable(), PageSize::Small)
}

fn slot_of(arena: &Arena, table: Frame, index: u64) -> PteSlot<'_> {
    PteSlot::new(arena.word(table, index as usize % SLOTS_PER_TABLE))
}

fn leaf<'a>(
    arena: &Arena,
    slot: PteSlot<'a>,
    entry: Pte,
    writable: bool,
    size: PageSize,
) -> Option<Leaf<'a>> {
    let PhysicalAddress(address) = entry.address();
    let bytes = size.pages() * FRAME_BYTES as u64;
    assert!(address.is_multiple_of(bytes), "a 2 MiB page at {address:#x}: reserved bits are set");
    arena.frame_at(PhysicalAddress(address + bytes - 1))?;
    let first = arena.frame_at(entry.address())?;
    Some(Leaf {
        slot,
        translation: Translation { first, size, writable, dirty: entry.is_dirty() },
        accessed: entry.is_accessed(),
    })
}
