//! What the mail's two schemes that keep a word or two of one user know, and when: `hint-any` and
//! `vma-offset`.

mod support;

use model::Model;
use rmap::{Coverage, Frame, HintAny, PageIndex, Scheme, SpaceId, VmaOffset};
use support::{HEAP, assert_sound, heap, read, space_with_heap, vm, vm_with_swap, write};
use vm::{
    FaultKind, MapRequest, PageRange, PageSize, Placement, Protection, Refused, Remap, Vm,
    WhenIncomplete,
};

const FRAMES: u32 = 1024;
/// Far from the heap, below other tables.
const FAR: PageIndex = PageIndex(0x8_0000);

/// A space whose heap of `pages` pages is written to.
fn written<S: Scheme>(vm: &Vm<'_, S, Model>, pages: u64) -> SpaceId {
    let space = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, space, page, page));
    space
}

fn fork<S: Scheme>(vm: &Vm<'_, S, Model>, parent: SpaceId) -> SpaceId {
    vm.fork(parent).expect("memory for a child").child
}

fn frame<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId, page: u64) -> Frame {
    vm.frame_at(space, HEAP.plus(page)).expect("a mapped page")
}

/// What is known of a frame.
fn known<S: Scheme>(vm: &Vm<'_, S, Model>, frame: Frame) -> (Coverage, u32) {
    let found = vm.find(frame, WhenIncomplete::Refuse);
    (found.coverage, found.mappings)
}

/// What is known of a page's frame.
fn known_at<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId, page: u64) -> (Coverage, u32) {
    known(vm, frame(vm, space, page))
}

const ALONE: (Coverage, u32) = (Coverage::Exact, 1);
const ONE_OF_MANY: (Coverage, u32) = (Coverage::Partial, 1);
const NOBODY: (Coverage, u32) = (Coverage::Unknown, 0);

#[test]
fn hint_any_names_one_of_the_users_of_a_shared_page() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintAny, _>(&machine);
    let parent = written(&vm, 2);
    assert_eq!(known_at(&vm, parent, 0), ALONE);
    let children = [fork(&vm, parent), fork(&vm, parent)];
    assert_eq!(known_at(&vm, parent, 0), ONE_OF_MANY);
    // Whoever wants the frame checks whether it is the only one.
    let refused = vm.migrate_frame(frame(&vm, parent, 0), WhenIncomplete::Refuse);
    assert_eq!(refused.outcome, Err(Refused::Incomplete));
    assert_eq!(known_at(&vm, parent, 0), ONE_OF_MANY);
    for child in children {
        vm.exit(child);
    }
    assert_eq!(known_at(&vm, parent, 0), ALONE, "the user that is left is the one that is named");
    assert_sound(&vm);
}

#[test]
fn hint_any_is_stale_once_its_user_has_gone() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintAny, _>(&machine);
    let parent = written(&vm, 2);
    let children = [fork(&vm, parent), fork(&vm, parent)];
    let shared = frame(&vm, parent, 0);
    vm.exit(parent);
    assert_eq!(known(&vm, shared), NOBODY);
    assert_sound(&vm);
    vm.exit(children[0]);
    assert_eq!(known(&vm, shared), NOBODY, "one user is left, and nobody knows which");
    assert_eq!(write(&vm, children[1], 0, 5), Some(FaultKind::Reuse));
    assert_eq!(known(&vm, shared), ALONE, "a write of the last user brings the hint back");
    assert_sound(&vm);
}

#[test]
fn hint_any_is_stale_once_its_user_has_a_copy_of_its_own() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintAny, _>(&machine);
    let parent = written(&vm, 1);
    let shared = frame(&vm, parent, 0);
    let child = fork(&vm, parent);
    fork(&vm, parent);
    assert_eq!(write(&vm, parent, 0, 5), Some(FaultKind::CopyOnWrite));
    assert_eq!(known(&vm, shared), NOBODY, "the slot maps the copy now");
    assert_eq!(known_at(&vm, parent, 0), ALONE);
    assert_eq!(frame(&vm, child, 0), shared);
    assert_sound(&vm);
}

#[test]
fn hint_any_never_dangles_whatever_becomes_of_the_table_it_names() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintAny, _>(&machine);
    let parent = written(&vm, 4);
    let child = fork(&vm, parent);
    let shared = frame(&vm, child, 3);
    vm.exit(parent);
    // The parent's tables become pages, tables and metadata of others.
    let others: Vec<_> = (0..6)
        .map(|_| {
            let other = written(&vm, 40);
            assert_eq!(known(&vm, shared), NOBODY);
            assert_sound(&vm);
            other
        })
        .collect();
    for other in others {
        vm.exit(other);
    }
    assert_eq!(read(&vm, child, 3), 3);
    assert_sound(&vm);
    vm.tear_down().unwrap();
}

#[test]
fn hint_any_that_was_stale_is_good_again_where_the_same_slot_maps_the_page() {
    let machine = Model::new(FRAMES);
    let vm = vm_with_swap::<HintAny, _>(&machine, 8);
    let parent = written(&vm, 1);
    let child = fork(&vm, parent);
    let page = frame(&vm, parent, 0);
    assert_eq!(vm.unmap_frame(page, WhenIncomplete::Scan).outcome, Ok(()));
    assert_eq!(read(&vm, child, 0), 0);
    assert_eq!(known_at(&vm, child, 0), ALONE, "one has it back, the other has a swap entry");
    assert_eq!(read(&vm, parent, 0), 0);
    assert_eq!(known_at(&vm, parent, 0), ONE_OF_MANY);
    assert_sound(&vm);
}

#[test]
fn hint_any_follows_moves_and_migrations() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintAny, _>(&machine);
    let parent = written(&vm, 2);
    let page = frame(&vm, parent, 0);
    vm.mremap(parent, heap(2), 2, Remap::To(FAR)).unwrap();
    assert_eq!(known(&vm, page), ALONE);
    let child = fork(&vm, parent);
    vm.mremap(child, PageRange { start: FAR, pages: 2 }, 2, Remap::To(HEAP)).unwrap();
    assert_eq!(known(&vm, page), ONE_OF_MANY);
    assert_eq!(vm.migrate_frame(page, WhenIncomplete::Scan).outcome, Ok(()));
    assert_eq!(known_at(&vm, child, 0), ONE_OF_MANY);
    assert_sound(&vm);
}

/// Whether the tuple leads to the page.
fn has_tuple(vm: &Vm<'_, VmaOffset, Model>, space: SpaceId, page: u64) -> bool {
    match known_at(vm, space, page) {
        ALONE => true,
        NOBODY => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_tuple_is_there_for_unshared_pages_only() {
    let machine = Model::new(FRAMES);
    let vm = vm::<VmaOffset, _>(&machine);
    let parent = written(&vm, 2);
    assert!(has_tuple(&vm, parent, 0));
    let child = fork(&vm, parent);
    assert!(!has_tuple(&vm, parent, 0));
    assert_eq!(write(&vm, child, 0, 1), Some(FaultKind::CopyOnWrite));
    assert!(has_tuple(&vm, child, 0) && !has_tuple(&vm, parent, 0));
    vm.exit(child);
    assert!(!has_tuple(&vm, parent, 1), "an exit does not bring tuples back");
    assert_eq!(write(&vm, parent, 1, 2), Some(FaultKind::Reuse));
    assert!(has_tuple(&vm, parent, 1));
    assert_sound(&vm);
}

#[test]
fn the_tuple_costs_the_frame_nothing() {
    let machine = Model::new(FRAMES);
    let vm = vm::<VmaOffset, _>(&machine);
    written(&vm, 40);
    let footprint = vm.footprint();
    assert_eq!((footprint.bytes_per_frame, footprint.metadata_peak), (0, 0));
}

#[test]
fn splits_and_merges_keep_the_tuple_true() {
    let machine = Model::new(FRAMES);
    let vm = vm::<VmaOffset, _>(&machine);
    let space = written(&vm, 40);
    let middle = PageRange { start: HEAP.plus(10), pages: 7 };
    vm.mprotect(space, middle, Protection::ReadOnly).unwrap();
    assert_sound(&vm);
    assert!((0..40).all(|page| has_tuple(&vm, space, page)));
    vm.mprotect(space, middle, Protection::ReadWrite).unwrap();
    assert_sound(&vm);
    assert!((0..40).all(|page| has_tuple(&vm, space, page)));
    // The VMAs that were cut off are gone, and their places are used again.
    (0..8).for_each(|nth| {
        vm.mmap(space, &MapRequest::private(Placement::Vacant(FAR.plus(nth * 10)), 3)).unwrap();
    });
    assert!((0..40).all(|page| has_tuple(&vm, space, page)));
    assert_sound(&vm);
}

#[test]
fn a_move_keeps_the_tuple_true() {
    let machine = Model::new(FRAMES);
    let vm = vm::<VmaOffset, _>(&machine);
    let space = written(&vm, 20);
    let part = PageRange { start: HEAP.plus(5), pages: 10 };
    let frames: Vec<_> = (0..20).map(|page| frame(&vm, space, page)).collect();
    vm.mremap(space, part, 10, Remap::To(FAR)).unwrap();
    assert!(frames.iter().all(|frame| known(&vm, *frame) == ALONE));
    assert_sound(&vm);
    vm.mremap(space, PageRange { start: FAR, pages: 10 }, 10, Remap::To(part.start)).unwrap();
    assert!(frames.iter().all(|frame| known(&vm, *frame) == ALONE));
    assert_sound(&vm);
}

#[test]
fn a_split_2_mib_page_leaves_a_hint_or_a_tuple_in_each_part() {
    fn test<S: Scheme>() {
        let machine = Model::new(4096);
        let vm = vm::<S, _>(&machine);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        let request = MapRequest {
            page_size: PageSize::Huge,
            ..MapRequest::private(Placement::Vacant(FAR), 512)
        };
        vm.mmap(space, &request).unwrap();
        vm.touch(vm::VirtualAddress::of_page(FAR), vm::Access::Write, 1).unwrap();
        let head = vm.frame_at(space, FAR).unwrap();
        assert_eq!(known(&vm, head), ALONE);
        assert_eq!(vm.split_huge(head).outcome, Ok(()));
        for nth in [0, 1, 511] {
            assert_eq!(known(&vm, vm.frame_at(space, FAR.plus(nth)).unwrap()), ALONE);
        }
        assert_sound(&vm);
    }
    test::<HintAny>();
    test::<VmaOffset>();
}
