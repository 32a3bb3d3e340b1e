//! Pages that contradict their mapcounts, or the caches they are in.

use core::sync::atomic::Ordering::Relaxed;

use super::*;
use crate::frame_table::FrameKind;
use crate::object::Contents;
use crate::outcome::WhenIncomplete;
use crate::pte::Pte;

/// Takes the entry for `page` away, and the count of it, and nothing else.
fn lose_entry(world: &World<'_, Honest>, page: PageIndex) -> Frame {
    let frame = world.frame(page);
    world.slot(page).replace(Pte::EMPTY);
    world.vm.frames.info(frame).mapcount().store(0, Relaxed);
    world.vm.mapped_pages.lower();
    frame
}

#[test]
fn a_mapcount_is_the_number_of_entries() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    for page in [FILE, FILE.plus(1)] {
        let frame = world.frame(page);
        let mapcount = world.vm.frames.info(frame).mapcount();
        for counted in [0, 2] {
            mapcount.store(counted, Relaxed);
            world.is_wrong(Inconsistency::Mapcount { frame, counted, present: 1 });
        }
        mapcount.store(1, Relaxed);
        world.is_sound();
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs a 2 MiB page")]
fn a_large_page_is_counted_too() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(HUGE);
    world.slot(HUGE).replace(Pte::EMPTY);
    world.is_wrong(Inconsistency::Mapcount { frame, counted: 1, present: 0 });
}

#[test]
fn an_anonymous_page_is_mapped_or_held_by_a_device_or_in_the_swap_cache() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = lose_entry(&world, HEAP);
    world.page_is_wrong(frame, "is an anonymous page that nobody can reach");
    let info = world.vm.frames.info(frame);
    info.pins().store(1, Relaxed);
    world.is_sound();
    info.pins().store(0, Relaxed);
    let slot = world.vm.slot_for(frame).unwrap();
    world.vm.swap.add_entry(slot);
    world.slot(HEAP).fill(Pte::swap(slot));
    world.is_sound();
}

#[test]
fn a_page_and_its_swap_slot_name_each_other() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = lose_entry(&world, HEAP);
    let slot = world.vm.slot_for(frame).unwrap();
    world.vm.swap.add_entry(slot);
    world.slot(HEAP).fill(Pte::swap(slot));
    for other in [None, Some(world.frame(HEAP.plus(1)))] {
        world.vm.swap.set_cached(slot, other);
        world.page_is_wrong(frame, "has a swap slot that names another frame");
    }
}

#[test]
fn a_page_of_a_file_is_what_the_file_has_there() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(FILE);
    let object = world.vm.object(world.file);
    world.vm.set_contents(object, 0, Contents::Zero).unwrap();
    world.page_is_wrong(frame, "is not what its object has for that page");
    world.vm.set_contents(object, 0, Contents::Cached(frame)).unwrap();
    world.is_sound();
}

#[test]
fn a_page_of_a_file_lies_before_the_files_end() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = lose_entry(&world, FILE.plus(1));
    world.is_sound();
    // It is the file's last page and becomes the one after.
    let object = world.vm.object(world.file);
    world.vm.set_contents(object, 1, Contents::Zero).unwrap();
    world.vm.set_contents(object, 2, Contents::Cached(frame)).unwrap();
    world.vm.frames.info(frame).overlay()[1].store(2, Relaxed);
    world.page_is_wrong(frame, "lies past the end of its object");
}

#[test]
fn a_page_that_was_cut_off_its_file_is_held_by_a_device_and_not_mapped() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = lose_entry(&world, FILE);
    let info = world.vm.frames.info(frame);
    world.vm.set_contents(world.vm.object(world.file), 0, Contents::Zero).unwrap();
    info.overlay()[0].store(0, Relaxed);
    world.page_is_wrong(frame, "was cut off its object and is still there");
    info.pins().store(1, Relaxed);
    world.is_sound();
    // Nothing can map it: an entry would be found wrong before, so only a count is.
    info.mapcount().store(1, Relaxed);
    world.is_wrong(Inconsistency::Mapcount { frame, counted: 1, present: 0 });
}

#[test]
fn a_page_on_the_move_that_was_cut_off_its_file_is_mapped_by_nobody() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    let frame = world.frame(FILE);
    let pte = world.slot(FILE).replace(Pte::EMPTY);
    let info = world.vm.frames.info(frame);
    info.mark(crate::frame_table::FrameMark::Migrating);
    info.pins().store(1, Relaxed);
    world.slot(FILE).fill(pte.migration(frame));
    world.is_sound();
    info.overlay()[0].store(0, Relaxed);
    world.page_is_wrong(frame, "is mapped although it was cut off its object");
}

#[test]
fn a_schemes_own_words_are_looked_over_for_every_page_it_tracks() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    for page in touched() {
        let violation = rmap::Violation { frame: world.frame(page), what: "it is odd" };
        world.vm.scheme.report(violation);
        world.is_wrong(Inconsistency::Scheme(violation));
    }
    // It need not make sense of a page that nobody maps.
    let frame = lose_entry(&world, FILE);
    world.vm.scheme.report(rmap::Violation { frame, what: "it is odd" });
    world.is_sound();
}

#[test]
fn frames_that_are_no_pages_are_not_asked_about() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    for frame in [world.vm.zero_page, world.position(HEAP).table] {
        world.vm.scheme.report(rmap::Violation { frame, what: "it is odd" });
        world.is_sound();
    }
    assert!(world.vm.frames.is(world.frame(FILE), FrameKind::ObjectPage));
    assert_eq!(world.vm.find(world.frame(FILE), WhenIncomplete::Refuse).mappings, 1);
}

#[test]
fn a_frame_whose_structure_makes_no_sense_is_no_page() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    // The structure of frame 0 begins the arena.
    world.vm.frames.words(Frame(0))[0].store(u64::MAX, Relaxed);
    world.is_sound();
}
