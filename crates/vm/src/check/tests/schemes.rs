//! Schemes whose own words are wrong, and schemes that undo what they did.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{HintExclusive, Mapping, PteNext, SchemeId, SchemeVisitor, Store, Violation};

use super::*;

#[track_caller]
fn is_violated<S: Scheme>(world: &World<'_, S>, frame: Frame, what: &'static str) {
    world.is_wrong(Inconsistency::Scheme(Violation { frame, what }));
}

#[test]
fn a_list_of_pte_next_is_as_long_as_the_mapcount() {
    let machine = machine();
    let world = World::<PteNext>::new(&machine);
    let shared = world.frame(HEAP.plus(1));
    world.vm.fork(world.space).unwrap();
    world.is_sound();
    let head = world.vm.frame_state(shared);
    let list = head.load(Relaxed);
    let own = world.position(HEAP.plus(1)).to_word();
    assert_ne!(list, own, "the child is first");
    for shorter in [0, own] {
        head.store(shorter, Relaxed);
        is_violated(&world, shared, "its list is shorter than its mapcount");
    }
    head.store(list, Relaxed);
    world.is_sound();
    // The last link leads back to the first.
    let companion = Frame(world.vm.table_word(world.position(HEAP).table).load(Relaxed) as u32);
    let end = &world.vm.metadata(companion)[usize::from(HEAP.plus(1).slot())];
    end.store(list, Relaxed);
    is_violated(&world, shared, "its list is longer than its mapcount");
    end.store(0, Relaxed);
    world.is_sound();
}

#[test]
fn a_list_of_pte_next_names_its_own_page() {
    let machine = machine();
    let world = World::<PteNext>::new(&machine);
    let frame = world.frame(HEAP);
    let other = world.position(HEAP.plus(1)).to_word();
    world.vm.frame_state(frame).store(other, Relaxed);
    is_violated(&world, frame, "its list names a PTE that does not map it");
}

#[test]
fn a_hint_names_its_own_page_which_nobody_shares() {
    let machine = machine();
    let world = World::<HintExclusive>::new(&machine);
    let frame = world.frame(HEAP);
    let own = world.position(HEAP).to_word();
    let hint = &world.vm.overlay(frame)[0];
    assert_eq!(hint.load(Relaxed), own);
    hint.store(world.position(HEAP.plus(1)).to_word(), Relaxed);
    is_violated(&world, frame, "its hint names a PTE that does not map it");
    hint.store(own, Relaxed);
    world.is_sound();
    world.vm.fork(world.space).unwrap();
    world.is_sound();
    hint.store(own, Relaxed);
    is_violated(&world, frame, "it has a hint although it is not exclusive");
}

/// Splits each mapping of a 2 MiB page as far as the scheme is concerned, and joins it again.
struct SplitAndJoin {
    shared: bool,
}

impl SchemeVisitor for SplitAndJoin {
    type Output = ();

    fn visit<S: Scheme>(self) {
        let machine = Still::new(8192);
        let world = World::<S>::new(&machine);
        let vm = &world.vm;
        let mut spaces = vec![world.space];
        if self.shared {
            spaces.push(vm.fork(world.space).unwrap().child);
        }
        world.is_sound();
        let head = world.frame(HUGE);
        // Nothing that an earlier user of the frames left there may be taken for an answer.
        let split: Vec<(Mapping, Frame)> = spaces
            .into_iter()
            .map(|space| {
                let root = vm.space(space).root();
                let vma = vm.vma_covering(vm.space(space), HUGE).expect("an area");
                let position = vm.position_of(root, HUGE).expect("a 2 MiB page");
                let from = Mapping { space, vma, page: HUGE, position };
                let table = vm.new_leaf_table(space, HUGE).unwrap();
                vm.scheme.split_mapping(vm, head, &from, table).unwrap();
                (from, table)
            })
            .collect();
        for (from, table) in split {
            vm.scheme.join_mappings(vm, head, &from, table);
            vm.renounce_table(table);
            vm.free_table(table);
        }
        world.is_sound();
        // Small pages may be made of it for good, and every one of them is known as well.
        assert_eq!(vm.split_huge(head).outcome, Ok(()));
        world.is_sound();
        let range = PageRange { start: HUGE, pages: 512 };
        vm.munmap(world.space, range).unwrap();
        world.is_sound();
        vm.remove_object(world.file);
        assert_eq!(vm.tear_down(), Ok(()));
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs 2 MiB pages")]
fn a_scheme_that_splits_the_mappings_of_a_2_mib_page_can_join_them_again() {
    for id in SchemeId::ALL {
        for shared in [false, true] {
            id.visit(SplitAndJoin { shared });
        }
    }
}
