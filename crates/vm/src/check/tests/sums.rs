//! Sums that differ from what was kept count of, areas out of order, and what is missing in the end.

use rmap::Store;

use super::*;
use crate::frame_table::FrameKind;
use crate::outcome::WhenIncomplete;

fn area<'m>(
    world: &World<'m, Honest>,
    page: PageIndex,
) -> &'m crate::vma::Vma<<Honest as Scheme>::VmaState> {
    world.vm.vma(world.vm.vma_covering(world.vm.space(world.space), page).unwrap())
}

#[test]
fn areas_lie_one_after_the_other() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let wrong = Inconsistency::Vmas(world.space);
    let bare = area(&world, BARE);
    // Up to its neighbour it may reach, and no further.
    let next = PageRange { start: BARE.plus(4), pages: 1 };
    let request = MapRequest {
        protection: Protection::ReadOnly,
        ..MapRequest::private(Placement::Vacant(next.start), next.pages)
    };
    world.vm.mmap(world.space, &request).unwrap();
    world.is_sound();
    bare.set_range(PageRange { start: BARE, pages: 5 });
    world.is_wrong(wrong);
    bare.set_range(PageRange { start: BARE, pages: 0 });
    world.is_wrong(wrong);
    bare.set_range(PageRange { start: BARE, pages: 1 });
    world.is_sound();
}

#[test]
fn an_area_belongs_to_the_space_that_has_it() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let other = world.vm.create_space().unwrap();
    world.is_sound();
    // An area without a page in it is missed by nobody else. The last, so that the walk gets there.
    area(&world, BARE).set_space(other);
    world.is_wrong(Inconsistency::Vmas(world.space));
}

#[test]
fn a_swap_slot_counts_who_names_it() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(HEAP);
    world.vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome.unwrap();
    world.vm.fork(world.space).unwrap();
    world.is_sound();
    let crate::pte::Entry::Swap(slot) = world.slot(HEAP).read().entry() else { unreachable!() };
    world.vm.swap.add_entry(slot);
    world.is_wrong(Inconsistency::Slot { slot, counted: 3, seen: 2 });
}

#[test]
fn a_swap_slot_of_an_object_is_named_by_the_object() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(FILE);
    world.vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome.unwrap();
    world.is_sound();
    // Read back it stays the page's until somebody writes.
    world.touch(FILE, Access::Read);
    world.is_sound();
    let slot = world.vm.frames.info(world.frame(FILE)).slot().expect("the slot stays");
    world.vm.frames.info(world.frame(FILE)).set_slot(None);
    world.is_wrong(Inconsistency::Slot { slot, counted: 1, seen: 0 });
}

#[test]
fn a_swap_slot_is_free_or_named() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.allocate_slot().unwrap();
    let what = "swap slots in use";
    world.is_wrong(Inconsistency::Account { what, counted: 1, found: 0 });
}

#[test]
fn page_tables_are_counted() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    // A root, and below it one directory each; leaf tables for the heap, the file and nothing else.
    let found = world.vm.page_tables.now();
    world.vm.page_tables.raise();
    let what = "page tables";
    world.is_wrong(Inconsistency::Account { what, counted: found + 1, found });
}

#[test]
fn metadata_is_counted() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.allocate_metadata().unwrap();
    world.is_sound();
    world.vm.metadata.raise();
    let what = "metadata frames";
    world.is_wrong(Inconsistency::Account { what, counted: 2, found: 1 });
}

#[test]
fn free_frames_are_counted() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let free = u64::from(world.vm.free_frames());
    let frame = world.vm.allocate_frame(FrameKind::Free).unwrap();
    let what = "free frames";
    world.is_wrong(Inconsistency::Account { what, counted: free - 1, found: free });
    world.vm.frames.free(frame, world.vm.counters());
    world.is_sound();
}

#[test]
fn mappings_are_counted() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.raise_mapcount(world.vm.zero_page);
    let (what, found) = ("mappings", touched().count() as u64);
    world.is_wrong(Inconsistency::Account { what, counted: found + 1, found });
}

#[test]
fn a_scheme_may_use_all_the_memory_that_its_bound_allows_and_no_more() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    // One for each leaf table, of the heap and of the file, and one for the directory that maps a
    // page of 2 MiB.
    let tables = if touched().any(|page| page == HUGE) { 3 } else { 2 };
    for _ in 0..tables {
        world.is_sound();
        world.vm.allocate_metadata().unwrap();
    }
    world.is_sound();
    world.vm.allocate_metadata().unwrap();
    world.is_wrong(Inconsistency::OverBound { bytes: (tables + 1) * 4096, bound: tables * 4096 });
}

#[test]
fn in_the_end_nothing_is_missing() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    // A device lets go in the end, and broken memory is not lost.
    world.vm.pin(world.frame(HEAP)).unwrap();
    world.vm.poison_frame(world.frame(HEAP.plus(1)), WhenIncomplete::Refuse);
    world.vm.remove_object(world.file);
    assert_eq!(world.vm.tear_down(), Ok(()));
}

#[test]
fn a_frame_that_nobody_gave_back_is_missed() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.remove_object(world.file);
    for _ in 0..2 {
        world.vm.allocate_frame(FrameKind::Slab).unwrap();
    }
    assert_eq!(world.vm.tear_down(), Err(Inconsistency::Lost { frames: 2, slots: 0 }));
}

#[test]
fn a_swap_slot_that_nobody_gave_back_is_missed() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.remove_object(world.file);
    world.vm.allocate_slot().unwrap();
    assert_eq!(world.vm.tear_down(), Err(Inconsistency::Lost { frames: 0, slots: 1 }));
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let frame = Frame(5);
    let position = PtePosition { table: Frame(9), slot: 3 };
    let slot = rmap::SwapSlot(2);
    let violation = rmap::Violation { frame, what: "is odd" };
    for (wrong, words) in [
        (
            Inconsistency::Entry { position, what: "is odd" },
            "slot 3 of the table in frame 9 is odd",
        ),
        (
            Inconsistency::Mapcount { frame, counted: 1, present: 2 },
            "frame 5 has mapcount 1 but 2 PTEs",
        ),
        (Inconsistency::Page { frame, what: "is odd" }, "frame 5 is odd"),
        (Inconsistency::NotExact(frame), "the scheme's exact answer for frame 5 is wrong"),
        (Inconsistency::Unsound(frame), "the scheme names a PTE that does not map frame 5"),
        (
            Inconsistency::Coverage { frame, claimed: Coverage::Exact },
            "the scheme claims Exact of frame 5, which its rules forbid",
        ),
        (Inconsistency::Scheme(violation), "frame 5: is odd"),
        (
            Inconsistency::Slot { slot, counted: 1, seen: 2 },
            "swap slot 2 counts 1 entries but 2 name it",
        ),
        (Inconsistency::Vmas(SpaceId(4)), "the areas of space 4 are out of order"),
        (
            Inconsistency::Account { what: "frames", counted: 1, found: 2 },
            "2 frames were found where 1 were counted",
        ),
        (
            Inconsistency::OverBound { bytes: 2, bound: 1 },
            "the scheme keeps 2 bytes of metadata, over its bound of 1",
        ),
        (
            Inconsistency::Lost { frames: 1, slots: 2 },
            "1 frames and 2 swap slots were not given back",
        ),
    ] {
        assert_eq!(wrong.to_string(), words);
    }
}
