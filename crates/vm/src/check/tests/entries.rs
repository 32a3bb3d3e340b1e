//! Page-table entries that contradict what they name, or where they lie.

use core::sync::atomic::Ordering::Relaxed;

use super::*;
use crate::frame_table::{FrameKind, FrameMark};
use crate::pte::Pte;

/// A word of a page table, as the CPU sees it.
fn poke(world: &World<'_, Honest>, page: PageIndex, change: impl FnOnce(u64) -> u64) {
    let position = world.position(page);
    let entry = &world.vm.frames.words(position.table)[usize::from(position.slot)];
    entry.store(change(entry.load(Relaxed)), Relaxed);
}

const WRITABLE: u64 = 1 << 1;
const EXCLUSIVE: u64 = 1 << 9;

#[test]
fn a_table_lies_where_its_owner_says() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let table = world.position(HEAP).table;
    let owner = world.vm.frames.table_owner(table);
    let base = PageIndex(owner.base.0 + 512);
    world.vm.frames.set_table_owner(table, rmap::TableOwner { base, ..owner });
    world.entry_is_wrong(HEAP, "is not where its table's owner has that page");
}

#[test]
fn an_entry_lies_in_an_area() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.slot(HEAP.plus(2)).fill(Pte::POISON);
    world.entry_is_wrong(HEAP.plus(2), "is in use where nothing is mapped");
}

#[test]
fn an_entry_may_write_only_where_its_area_may() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.set_traits(HEAP, |traits| traits.without(Traits::WRITABLE));
    world.entry_is_wrong(HEAP, "can write where the area forbids it");
}

#[test]
fn what_waits_on_the_swap_device_writes_nothing() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(HEAP);
    world.vm.unmap_frame(frame, crate::outcome::WhenIncomplete::Refuse).outcome.unwrap();
    let range = PageRange { start: HEAP, pages: 2 };
    world.vm.mprotect(world.space, range, Protection::ReadOnly).unwrap();
    world.is_sound();
}

#[test]
#[cfg_attr(miri, ignore = "needs a 2 MiB page")]
fn a_small_entry_maps_a_small_page_and_a_large_one_a_large() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let small = world.vm.frames.info(world.frame(HEAP));
    small.mark(FrameMark::Huge);
    world.entry_is_wrong(HEAP, "maps a page of the wrong size");
    small.unmark(FrameMark::Huge);
    world.is_sound();
    world.vm.frames.info(world.frame(HUGE)).unmark(FrameMark::Huge);
    world.entry_is_wrong(HUGE, "maps a page of the wrong size");
}

#[test]
fn nobody_writes_to_the_page_of_zeroes() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.touch(BARE, Access::Read);
    world.is_sound();
    poke(&world, BARE, |word| word | WRITABLE);
    world.entry_is_wrong(BARE, "can write to the page of zeroes");
}

#[test]
fn who_writes_to_a_private_page_has_it_alone() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    poke(&world, HEAP, |word| word & !EXCLUSIVE);
    world.entry_is_wrong(HEAP, "can write to a page that is not its own");
}

#[test]
fn a_page_without_the_right_to_write_may_be_exclusive_or_not() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    poke(&world, HEAP, |word| word & !WRITABLE);
    world.is_sound();
    poke(&world, HEAP, |word| word & !EXCLUSIVE);
    world.is_sound();
}

#[test]
fn an_exclusive_page_has_one_mapping() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let mapcount = world.vm.frames.info(world.frame(HEAP)).mapcount();
    mapcount.store(2, Relaxed);
    world.entry_is_wrong(HEAP, "calls a page exclusive that others can reach");
}

#[test]
fn an_exclusive_page_is_not_in_the_swap_cache() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(HEAP);
    world.vm.slot_for(frame).unwrap();
    world.entry_is_wrong(HEAP, "calls a page exclusive that others can reach");
}

#[test]
fn private_pages_lie_in_private_areas() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.set_traits(HEAP, |traits| traits.with(Traits::SHARED));
    world.entry_is_wrong(HEAP, "maps a private page in a shared area");
}

#[test]
fn a_page_on_the_move_is_not_mapped() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.frames.info(world.frame(HEAP)).mark(FrameMark::Migrating);
    world.entry_is_wrong(HEAP, "maps a page that is being migrated");
}

#[test]
fn a_migration_entry_waits_for_a_page_on_the_move() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(HEAP);
    let pte = world.slot(HEAP).replace(Pte::EMPTY);
    world.slot(HEAP).fill(pte.migration(frame));
    world.entry_is_wrong(HEAP, "waits for a frame that is not being migrated");
    world.vm.frames.info(frame).mark(FrameMark::Migrating);
    world.is_sound();
    // A table may be marked as whatever is overlaid there; it is no page.
    let table = world.position(HEAP).table;
    world.vm.frames.info(table).mark(FrameMark::Migrating);
    world.slot(HEAP).fill(pte.migration(table));
    world.entry_is_wrong(HEAP, "waits for a frame that is not being migrated");
}

#[test]
fn an_objects_page_is_mapped_where_the_area_has_it() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let wrong = "maps another page than the area's object has there";
    let space = world.vm.space(world.space);
    let area = world.vm.vma(world.vm.vma_covering(space, FILE).unwrap());
    area.set_offset(1);
    world.entry_is_wrong(FILE, wrong);
    area.set_offset(0);
    world.is_sound();
    let kind = area.kind();
    area.set_kind(crate::vma::Kind { object: None, ..kind });
    world.entry_is_wrong(FILE, wrong);
}

#[test]
fn who_writes_to_an_objects_page_shares_it_and_it_is_dirty() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let wrong = "can write to an object's page that is private or clean";
    let info = world.vm.frames.info(world.frame(FILE));
    info.unmark(FrameMark::Dirty);
    world.entry_is_wrong(FILE, wrong);
    info.mark(FrameMark::Dirty);
    world.is_sound();
    world.set_traits(FILE, |traits| traits.without(Traits::SHARED));
    world.entry_is_wrong(FILE, wrong);
    // What can only be read may be private and clean.
    poke(&world, FILE, |word| word & !WRITABLE);
    world.is_sound();
    info.unmark(FrameMark::Dirty);
    world.is_sound();
}

#[test]
fn only_pages_are_mapped() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.frames.set_kind(world.frame(HEAP), FrameKind::Slab);
    world.entry_is_wrong(HEAP, "maps a frame that is no page");
}

#[test]
fn an_entry_that_says_nothing_is_empty() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    poke(&world, HEAP.plus(1), |_| 1 << 12);
    world.entry_is_wrong(HEAP.plus(1), "is neither empty nor anything else");
}

#[test]
fn an_entry_of_broken_memory_is_sound() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let range = PageRange { start: BARE, pages: 4 };
    world.touch(BARE, Access::Write);
    world.vm.poison_frame(world.frame(BARE), crate::outcome::WhenIncomplete::Refuse);
    world.is_sound();
    world.vm.munmap(world.space, range).unwrap();
    world.is_sound();
}

#[test]
fn what_the_oracle_counts_in_is_clear_afterwards() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let info = world.vm.frames.info(world.frame(HEAP));
    let (next, previous) = info.links();
    assert_eq!((next.load(Relaxed), previous.load(Relaxed)), (0, 0));
    // What others left there does not count.
    next.store(7, Relaxed);
    previous.store(7, Relaxed);
    world.vm.swap.seen(rmap::SwapSlot(3)).store(9, Relaxed);
    world.is_sound();
}
