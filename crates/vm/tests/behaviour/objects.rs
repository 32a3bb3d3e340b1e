//! Files and segments: what is written is read again wherever it lies, and what is cut off is gone.

use model::Model;
use rmap::{PageIndex, PteNext, Scan, Scheme, SpaceId};
use vm::{
    Access, Backing, FaultKind, FaultRefused, MapError, MapRequest, ObjectId, ObjectKind,
    PageRange, Placement, Protection, VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{assert_sound, times, vm, vm_with_swap};

const FAR: PageIndex = PageIndex(0x8000_0000);

/// Under Miri, not every landmark has a world of its own.
const STRIDE: usize = times(1, 4) as usize;

/// Where an index of one, two, three and four levels ends, and what lies around there.
const LANDMARKS: [u64; 11] = [
    0,
    5,
    511,
    512,
    513,
    (1 << 18) - 1,
    1 << 18,
    (1 << 18) + 512,
    (1 << 27) - 1,
    1 << 27,
    (1 << 27) + (1 << 18) + 513,
];

/// A process with an object whose page `n` can be seen at [`FAR`] + `n`.
struct World<'m, S: Scheme> {
    vm: Vm<'m, S, Model>,
    space: SpaceId,
    object: ObjectId,
}

impl<'m, S: Scheme> World<'m, S> {
    fn new(machine: &'m Model, kind: ObjectKind, pages: u64) -> Self {
        let vm = vm_with_swap::<S, _>(machine, 8);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        let object = vm.create_object(kind, pages).unwrap();
        let world = Self { vm, space, object };
        world.map(FAR, Backing::SharedObject { object, offset: 0 }, pages);
        world
    }

    fn map(&self, start: PageIndex, backing: Backing, pages: u64) {
        let placement = Placement::Vacant(start);
        let request = MapRequest { backing, ..MapRequest::private(placement, pages) };
        self.vm.mmap(self.space, &request).unwrap();
    }

    fn touch(&self, nth: u64, access: Access, value: u64) -> Result<u64, FaultRefused> {
        let address = VirtualAddress::of_page(FAR.plus(nth));
        self.vm.touch(address, access, value).map(|touched| touched.value)
    }

    fn write(&self, nth: u64, value: u64) {
        self.touch(nth, Access::Write, value).expect("the write is legal");
    }

    fn read(&self, nth: u64) -> Result<u64, FaultRefused> {
        self.touch(nth, Access::Read, 0)
    }

    /// Evicts a page, if it is in memory.
    fn evict(&self, nth: u64) {
        if let Some(frame) = self.vm.frame_at(self.space, FAR.plus(nth)) {
            assert_eq!(self.vm.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
        }
    }

    fn end(self) {
        assert_sound(&self.vm);
        self.vm.remove_object(self.object);
        self.vm.tear_down().unwrap();
    }
}

#[test]
fn an_object_is_what_it_was_made_as() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    for kind in [ObjectKind::File, ObjectKind::Segment] {
        assert_eq!(vm.object_kind(vm.create_object(kind, 1).unwrap()), kind);
    }
}

#[test]
fn a_sparse_file_holds_each_page_wherever_it_lies() {
    fn test(order: impl Iterator<Item = u64> + Clone) {
        let machine = Model::new(1024);
        let world = World::<PteNext>::new(&machine, ObjectKind::File, 1 << 28);
        for nth in order.clone() {
            world.write(nth, nth + 1);
            assert_sound(&world.vm);
        }
        for nth in order {
            assert_eq!(world.read(nth), Ok(nth + 1));
            // Its neighbours are other pages, and full of zeroes.
            let neighbour = nth + 2;
            if !LANDMARKS.contains(&neighbour) {
                assert_eq!(world.read(neighbour), Ok(0), "{neighbour}");
            }
        }
        world.end();
    }
    test(LANDMARKS.into_iter());
    test(LANDMARKS.into_iter().rev());
    for first in LANDMARKS.into_iter().step_by(STRIDE) {
        test([first, 0, 1 << 27].into_iter());
    }
}

#[test]
fn the_index_of_a_file_takes_as_few_frames_as_it_can() {
    let machine = Model::new(1024);
    for (nth, frames) in
        [(0, 1), (511, 1), (512, 2), ((1 << 18) - 1, 2), (1 << 18, 3), (1 << 27, 4)]
    {
        let vm = vm::<Scan, _>(&machine);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        let object = vm.create_object(ObjectKind::File, 1 << 28).unwrap();
        let backing = Backing::SharedObject { object, offset: nth };
        let request = MapRequest { backing, ..MapRequest::private(Placement::Vacant(FAR), 1) };
        vm.mmap(space, &request).unwrap();
        let tables = vm.footprint().page_tables_peak / 4096;
        let before = vm.free_frames();
        vm.touch(VirtualAddress::of_page(FAR), Access::Read, 0).unwrap();
        let tables = vm.footprint().page_tables_peak / 4096 - tables;
        assert_eq!(u64::from(before - vm.free_frames()), tables + 1 + frames, "page {nth}");
    }
}

#[test]
fn a_cut_takes_what_lies_behind_it_and_nothing_else() {
    for end in LANDMARKS.into_iter().filter(|end| *end > 0).step_by(STRIDE) {
        let machine = Model::new(1024);
        let world = World::<PteNext>::new(&machine, ObjectKind::File, 1 << 28);
        for nth in LANDMARKS {
            world.write(nth, nth + 1);
        }
        world.vm.truncate_object(world.object, end);
        assert_sound(&world.vm);
        for nth in LANDMARKS {
            let left = if nth < end { Ok(nth + 1) } else { Err(FaultRefused::BeyondEnd) };
            assert_eq!(world.read(nth), left, "page {nth} of a file cut at {end}");
        }
        // What comes again is full of zeroes.
        world.vm.truncate_object(world.object, 1 << 28);
        for nth in LANDMARKS {
            assert_eq!(world.read(nth), Ok(if nth < end { nth + 1 } else { 0 }));
        }
        world.end();
    }
}

#[test]
fn a_cut_ends_every_view_of_what_is_cut_off() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let world = World::<S>::new(&machine, ObjectKind::File, 8);
        let object = world.object;
        world.map(FAR.plus(100), Backing::PrivateObject { object, offset: 3 }, 5);
        (0..8).for_each(|nth| world.write(nth, nth + 1));
        world.write(103, 9);
        assert_eq!(world.read(101), Ok(5));
        world.vm.truncate_object(object, 5);
        assert_sound(&world.vm);
        assert_eq!([4, 100, 101].map(|nth| world.read(nth)), [Ok(5), Ok(4), Ok(5)]);
        let beyond = Err(FaultRefused::BeyondEnd);
        assert_eq!([5, 7, 102, 103, 104].map(|nth| world.read(nth)), [beyond; 5]);
        // To be cut where one ends, or to grow, takes nothing.
        world.vm.truncate_object(object, 5);
        world.vm.truncate_object(object, 6);
        assert_eq!([4, 5, 101].map(|nth| world.read(nth)), [Ok(5), Ok(0), Ok(5)]);
        world.end();
    }
    for_each_scheme!(test);
}

#[test]
fn a_page_that_left_memory_comes_back_as_it_was() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let world = World::<S>::new(&machine, ObjectKind::Segment, 4);
        world.write(0, 7);
        assert_eq!(world.read(1), Ok(0));
        let slots = world.vm.free_swap_slots();
        world.evict(0);
        world.evict(1);
        assert_eq!(world.vm.free_swap_slots(), slots - 1, "zeroes need no slot");
        assert_sound(&world.vm);
        assert_eq!((world.read(0), world.read(1)), (Ok(7), Ok(0)));
        // What the device holds is still right, and stays.
        world.evict(0);
        assert_eq!(world.vm.free_swap_slots(), slots - 1);
        assert_eq!(world.read(0), Ok(7));
        // What is written to is not what the device holds.
        world.write(0, 8);
        assert_eq!(world.vm.free_swap_slots(), slots);
        world.evict(0);
        assert_eq!(world.read(0), Ok(8));
        world.end();
    }
    for_each_scheme!(test);
}

#[test]
fn a_page_far_out_in_a_file_leaves_memory_like_any_other() {
    let machine = Model::new(512);
    let world = World::<PteNext>::new(&machine, ObjectKind::File, 1 << 28);
    for nth in [0, 513, (1 << 18) + 512, 1 << 27] {
        world.write(nth, nth + 1);
        world.evict(nth);
        assert_sound(&world.vm);
        assert_eq!(world.read(nth), Ok(nth + 1));
    }
    world.end();
}

#[test]
fn a_page_of_a_file_may_move_to_another_frame() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let world = World::<S>::new(&machine, ObjectKind::File, 2);
        let object = world.object;
        world.map(FAR.plus(9), Backing::SharedObject { object, offset: 0 }, 2);
        world.write(0, 3);
        let frame = world.vm.frame_at(world.space, FAR).unwrap();
        let migrated = world.vm.migrate_frame(frame, WhenIncomplete::Refuse);
        assert_eq!(migrated.outcome, Ok(()), "{}", S::ID);
        assert_ne!(world.vm.frame_at(world.space, FAR), Some(frame));
        assert_sound(&world.vm);
        // Whoever comes later finds it where it is now.
        assert_eq!(world.read(9), Ok(3));
        world.end();
    }
    for_each_scheme!(test);
}

#[test]
fn swap_slots_go_with_their_pages() {
    let machine = Model::new(512);
    let world = World::<PteNext>::new(&machine, ObjectKind::Segment, 4);
    let slots = world.vm.free_swap_slots();
    for nth in 0..3 {
        world.write(nth, nth);
        world.evict(nth);
    }
    // One is back in memory, two are not.
    assert_eq!(world.read(2), Ok(2));
    assert_eq!(world.vm.free_swap_slots(), slots - 3);
    world.vm.truncate_object(world.object, 1);
    assert_eq!(world.vm.free_swap_slots(), slots - 1);
    assert_sound(&world.vm);
    let vm = &world.vm;
    vm.munmap(world.space, PageRange { start: FAR, pages: 4 }).unwrap();
    vm.remove_object(world.object);
    assert_eq!(vm.free_swap_slots(), slots);
    vm.tear_down().unwrap();
}

#[test]
fn an_object_lives_until_nobody_maps_it() {
    let machine = Model::new(512);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    let request =
        MapRequest { backing: Backing::Shared, ..MapRequest::private(Placement::Vacant(FAR), 2) };
    vm.mmap(space, &request).unwrap();
    let touch = |access| vm.touch(VirtualAddress::of_page(FAR), access, 6).unwrap();
    assert_eq!(touch(Access::Write).fault, Some(FaultKind::Object));
    let child = vm.fork(space).unwrap().child;
    vm.exit(space);
    vm.activate(child);
    let seen = touch(Access::Read);
    assert_eq!((seen.value, seen.fault), (6, Some(FaultKind::Object)), "fork copies no entry");
    assert_sound(&vm);
    vm.tear_down().unwrap();
}

#[test]
fn a_read_page_of_a_file_becomes_writable_for_all_who_share_it() {
    let machine = Model::new(512);
    let world = World::<PteNext>::new(&machine, ObjectKind::File, 2);
    let object = world.object;
    world.map(FAR.plus(9), Backing::SharedObject { object, offset: 0 }, 2);
    assert_eq!((world.read(0), world.read(9)), (Ok(0), Ok(0)));
    assert!(!world.vm.pte_at(world.space, FAR).is_writable());
    world.write(0, 3);
    assert!(world.vm.pte_at(world.space, FAR).is_writable());
    assert!(!world.vm.pte_at(world.space, FAR.plus(9)).is_writable());
    assert_eq!(world.read(9), Ok(3));
    world.end();
}

#[test]
fn offsets_that_do_not_fit_are_refused() {
    let machine = Model::new(512);
    let world = World::<PteNext>::new(&machine, ObjectKind::File, 2);
    let object = world.object;
    let map = |offset| {
        let backing = Backing::PrivateObject { object, offset };
        let request =
            MapRequest { backing, ..MapRequest::private(Placement::Vacant(FAR.plus(50)), 2) };
        world.vm.mmap(world.space, &request)
    };
    assert_eq!(map(u64::MAX - 1), Err(MapError::BadRange));
    assert_eq!(map(7), Ok(FAR.plus(50)));
    assert_eq!(world.read(50), Err(FaultRefused::BeyondEnd));
    world.end();
}

#[test]
fn a_write_to_a_private_view_of_a_file_stays_private() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let world = World::<S>::new(&machine, ObjectKind::File, 4);
        let object = world.object;
        world.map(FAR.plus(9), Backing::PrivateObject { object, offset: 0 }, 4);
        world.write(0, 1);
        // Written to before and after it was read.
        world.write(9, 2);
        assert_eq!(world.read(10), Ok(0));
        world.write(10, 3);
        assert_eq!([0, 1, 9, 10].map(|nth| world.read(nth)), [1, 0, 2, 3].map(Ok));
        let range = PageRange { start: FAR.plus(9), pages: 4 };
        world.vm.mprotect(world.space, range, Protection::ReadOnly).unwrap();
        assert_eq!(world.touch(9, Access::Write, 4), Err(FaultRefused::Segfault));
        world.end();
    }
    for_each_scheme!(test);
}

#[test]
fn windows_of_a_file_are_found_in_whatever_order_they_were_mapped() {
    fn test<S: Scheme>() {
        const WINDOWS: u64 = 64;
        for stride in [11, 1, 63, 29].into_iter().take(times(4, 1) as usize) {
            let machine = Model::new(512);
            let vm = vm_with_swap::<S, _>(&machine, 8);
            let space = vm.create_space().unwrap();
            vm.activate(space);
            let object = vm.create_object(ObjectKind::File, WINDOWS + 2).unwrap();
            for nth in 0..WINDOWS {
                // Each window is of three pages, and begins one page after another one.
                let offset = nth * stride % WINDOWS;
                let backing = Backing::SharedObject { object, offset };
                let placement = Placement::Vacant(FAR.plus(4 * nth));
                let request = MapRequest { backing, ..MapRequest::private(placement, 3) };
                vm.mmap(space, &request).unwrap();
                for page in 0..3 {
                    let at = VirtualAddress::of_page(FAR.plus(4 * nth + page));
                    vm.touch(at, Access::Read, 0).unwrap();
                }
            }
            for nth in [0, 1, 7, 30, WINDOWS - 1] {
                let frame = vm.frame_at(space, FAR.plus(4 * nth)).unwrap();
                let windows = (nth * stride % WINDOWS + 1).min(3) as u32;
                assert_eq!(vm.find(frame, WhenIncomplete::Refuse).mappings, windows);
            }
            assert_sound(&vm);
            vm.remove_object(object);
            vm.tear_down().unwrap();
        }
    }
    for_each_scheme!(test);
}
