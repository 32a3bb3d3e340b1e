//! Every allocation in every operation is made to fail, one at a time. An operation that fails leaves
//! no trace: the same frames are free, the same pages are mapped, and the oracle has no objection.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use model::Model;
use rmap::{PageIndex, Scheme, SchemeId, SchemeVisitor, SpaceId};
use vm::{
    Access, Backing, Growth, Locking, MapRequest, ObjectKind, PageRange, PageSize, Placement,
    Protection, Remap, VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{
    HEAP, LARGE, assert_sound, heap, machine, space_with_heap, times, try_touch, vm_with_swap,
    write,
};

/// Enough for small pages.
const SMALL: u32 = 128;
const SWAP_SLOTS: u32 = 4;
/// Under Miri, fewer pages are written to ...
const STRIDE: usize = times(1, 5) as usize;
/// ... and so many in a row.
const ROW: u64 = times(30, 1);
/// Elsewhere in the address space, below other tables.
const FAR: PageIndex = PageIndex(0x8000_0000);
/// At a 2 MiB border.
const HUGE: PageIndex = PageIndex(0x2_0000);

type World<'m, S> = (Vm<'m, S, Model>, SpaceId);
/// Whether a failed operation may have split 2 MiB pages, which nobody notices and nothing undoes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Splits {
    Never,
    Perhaps,
}

/// An operation that is tried; whether it succeeded.
type Attempt<S> = fn(&World<'_, S>) -> bool;

/// What a failed operation must leave as it was.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    free_frames: u32,
    free_slots: u32,
    /// What is mapped where.
    frames: Vec<Option<rmap::Frame>>,
}

impl Trace {
    fn of<S: Scheme>((vm, space): &World<'_, S>) -> Self {
        let pages = (0..40).map(|page| HEAP.plus(page)).chain((0..4).map(|page| HUGE.plus(page)));
        Self {
            free_frames: vm.free_frames(),
            free_slots: vm.free_swap_slots(),
            frames: pages.map(|page| vm.frame_at(*space, page)).collect(),
        }
    }
}

/// A space with a heap of 40 pages across two tables, of which pages below 30 were written to.
fn written<S: Scheme>(machine: &Model) -> World<'_, S> {
    let vm = vm_with_swap::<S, _>(machine, SWAP_SLOTS);
    let space = space_with_heap(&vm, 40);
    (0..30).step_by(STRIDE).for_each(|page| _ = write(&vm, space, page, page));
    (vm, space)
}

/// As [`written`], with a child that shares all of it.
fn shared<S: Scheme>(machine: &Model) -> World<'_, S> {
    let world = written::<S>(machine);
    world.0.fork(world.1).unwrap();
    world
}

/// As [`shared`], with the first page on the swap device.
fn swapped<S: Scheme>(machine: &Model) -> World<'_, S> {
    let world = shared::<S>(machine);
    let frame = world.0.frame_at(world.1, HEAP).unwrap();
    assert_eq!(world.0.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
    world
}

/// A space with a 2 MiB page that a child shares.
fn huge<S: Scheme>(machine: &Model) -> World<'_, S> {
    let world = written::<S>(machine);
    map_huge(&world);
    assert!(touch(&world, HUGE, Access::Write));
    world.0.fork(world.1).unwrap();
    world
}

/// A space that maps a file twice, shared at [`FAR`] and private above it.
fn file<S: Scheme>(machine: &Model) -> World<'_, S> {
    let world = written::<S>(machine);
    let (vm, space) = &world;
    let object = vm.create_object(ObjectKind::File, 2000).unwrap();
    for (start, backing) in [
        (FAR, Backing::SharedObject { object, offset: 0 }),
        (FAR.plus(2000), Backing::PrivateObject { object, offset: 0 }),
    ] {
        let placement = Placement::Vacant(start);
        let request = MapRequest { backing, ..MapRequest::private(placement, 2000) };
        vm.mmap(*space, &request).unwrap();
    }
    vm.remove_object(object);
    world
}

fn map_huge<S: Scheme>((vm, space): &World<'_, S>) {
    let request = MapRequest {
        page_size: PageSize::Huge,
        ..MapRequest::private(Placement::Vacant(HUGE), 1024)
    };
    vm.mmap(*space, &request).unwrap();
}

fn touch<S: Scheme>((vm, space): &World<'_, S>, page: PageIndex, access: Access) -> bool {
    if vm.active() != Some(*space) {
        vm.activate(*space);
    }
    vm.touch(VirtualAddress::of_page(page), access, 1).is_ok()
}

/// Runs `attempt` with its 1st, 2nd, … allocation failing, until none fails.
fn fail_each<S: Scheme>(
    name: &str,
    frames: u32,
    prepare: for<'m> fn(&'m Model) -> World<'m, S>,
    attempt: Attempt<S>,
    splits: Splits,
    reached: &Reached,
) {
    let mut nth = 0;
    let mut came = true;
    while came {
        let machine = Model::new(frames);
        let world = prepare(&machine);
        let before = Trace::of(&world);
        machine.record_allocations();
        // Where nothing has changed, the same world serves again.
        let mut unchanged = true;
        while came && unchanged {
            machine.fail_allocation(Some(nth));
            let succeeded = attempt(&world);
            came = machine.allocations_since_armed() > nth;
            machine.fail_allocation(None);
            assert_sound(&world.0);
            unchanged = !succeeded && splits == Splits::Never;
            if !came {
                assert!(succeeded, "{name} fails even with all the memory it wants");
                assert!(nth > 0, "{name} allocates nothing");
            } else if unchanged {
                assert_eq!(Trace::of(&world), before, "{name} under {}: failure {nth}", S::ID);
            }
            nth += 1;
        }
        let failed = machine.points().into_iter().filter(|point| point.failed > 0);
        reached.borrow_mut().extend(failed.map(|p| (p.location.file(), p.location.line())));
        world.0.tear_down().unwrap();
    }
}

/// Places that were made to fail.
type Reached = RefCell<BTreeSet<(&'static str, u32)>>;

fn fail_everything<S: Scheme>() -> BTreeSet<(&'static str, u32)> {
    let reached = Reached::default();
    fail_in_spaces::<S>(&reached);
    fail_in_faults::<S>(&reached);
    fail_on_frames::<S>(&reached);
    if !cfg!(miri) {
        // Each of these clears or copies 2 MiB again and again, word by word.
        fail_on_huge_pages::<S>(&reached);
    }
    reached.into_inner()
}

struct FailEverything;

impl SchemeVisitor for FailEverything {
    type Output = BTreeSet<(&'static str, u32)>;

    fn visit<S: Scheme>(self) -> Self::Output {
        fail_everything::<S>()
    }
}

fn fail_in_spaces<S: Scheme>(reached: &Reached) {
    let fail = |name, prepare, attempt| {
        fail_each::<S>(name, SMALL, prepare, attempt, Splits::Never, reached);
    };
    fail("create_space", written, |(vm, _)| vm.create_space().is_ok());
    fail("fork", written, |(vm, space)| vm.fork(*space).is_ok());
    fail("fork of swap entries", swapped, |(vm, space)| vm.fork(*space).is_ok());
    fail("mmap", written, |(vm, space)| {
        vm.mmap(*space, &MapRequest::private(Placement::Vacant(FAR), 3)).is_ok()
    });
    fail("mmap of shared memory", written, |(vm, space)| {
        let placement = Placement::Vacant(FAR);
        let request = MapRequest { backing: Backing::Shared, ..MapRequest::private(placement, 3) };
        vm.mmap(*space, &request).is_ok()
    });
    fail("mmap over the middle of an area", written, |(vm, space)| {
        let placement = Placement::Fixed(HEAP.plus(10));
        let request = MapRequest { growth: Growth::Down, ..MapRequest::private(placement, 3) };
        vm.mmap(*space, &request).is_ok()
    });
    fail("munmap of the middle", written, |(vm, space)| {
        vm.munmap(*space, PageRange { start: HEAP.plus(10), pages: 3 }).is_ok()
    });
    fail("mprotect of the middle", written, |(vm, space)| {
        let range = PageRange { start: HEAP.plus(10), pages: 3 };
        vm.mprotect(*space, range, Protection::ReadOnly).is_ok()
    });
    fail("mlock", written, |(vm, space)| vm.mlock(*space, heap(ROW), Locking::Lock).is_ok());
    fail("mremap of the middle", shared, |(vm, space)| {
        let range = PageRange { start: HEAP.plus(10), pages: 9 };
        vm.mremap(*space, range, 9, Remap::To(FAR.plus(508))).is_ok()
    });
    fail("mremap onto a neighbour", shared, |(vm, space)| {
        let range = PageRange { start: HEAP, pages: 5 };
        vm.mremap(*space, range, 5, Remap::To(HEAP.plus(30))).is_ok()
    });
    fail("mremap without unmapping", shared, |(vm, space)| {
        vm.mremap(*space, heap(40), 40, Remap::CopyTo(FAR)).is_ok()
    });
    fail("brk", written, |(vm, space)| vm.brk(*space, 5).is_ok());
}

fn fail_in_faults<S: Scheme>(reached: &Reached) {
    let fail = |name, prepare, attempt| {
        fail_each::<S>(name, SMALL, prepare, attempt, Splits::Never, reached);
    };
    fail("zero fill", written, |world| {
        world.0.brk(world.1, 5).is_ok() && touch(world, vm::BRK_START, Access::Write)
    });
    fail(
        "zero fill over the shared page of zeroes",
        |machine| {
            let world = written::<S>(machine);
            assert!(touch(&world, HEAP.plus(35), Access::Read));
            world
        },
        |world| touch(world, HEAP.plus(35), Access::Write),
    );
    fail("copy on write", shared, |world| touch(world, HEAP.plus(5), Access::Write));
    fail(
        "stack growth",
        |machine| {
            let world = written::<S>(machine);
            let placement = Placement::Vacant(FAR);
            let request = MapRequest { growth: Growth::Down, ..MapRequest::private(placement, 1) };
            world.0.mmap(world.1, &request).unwrap();
            world
        },
        |world| touch(world, PageIndex(FAR.0 - 4), Access::Write),
    );
    fail("swap-in", swapped, |world| touch(world, HEAP, Access::Read));
    fail("read of a file", file, |world| touch(world, FAR.plus(1999), Access::Read));
    fail("write to a private file", file, |world| touch(world, FAR.plus(2001), Access::Write));
}

fn fail_on_frames<S: Scheme>(reached: &Reached) {
    let fail = |name, prepare, attempt| {
        fail_each::<S>(name, SMALL, prepare, attempt, Splits::Never, reached);
    };
    fail("eviction", shared, |(vm, space)| {
        let frame = vm.frame_at(*space, HEAP).unwrap();
        vm.unmap_frame(frame, WhenIncomplete::Scan).outcome.is_ok()
    });
    fail(
        "cleaning a file's page",
        |machine| {
            let world = file::<S>(machine);
            assert!(touch(&world, FAR, Access::Write));
            world
        },
        |(vm, space)| {
            let frame = vm.frame_at(*space, FAR).unwrap();
            vm.write_protect_frame(frame, WhenIncomplete::Scan).outcome.is_ok()
        },
    );
    fail("migration", shared, |(vm, space)| {
        let frame = vm.frame_at(*space, HEAP).unwrap();
        vm.migrate_frame(frame, WhenIncomplete::Scan).outcome.is_ok()
    });
    fail("create_object", written, |(vm, _)| {
        vm.create_object(ObjectKind::File, 4).map(|object| vm.remove_object(object)).is_ok()
    });
}

fn fail_on_huge_pages<S: Scheme>(reached: &Reached) {
    let fail = |name, prepare, attempt| {
        fail_each::<S>(name, LARGE, prepare, attempt, Splits::Never, reached);
    };
    fail("split of a 2 MiB page", huge, |(vm, space)| {
        vm.split_huge(vm.frame_at(*space, HUGE).unwrap()).outcome.is_ok()
    });
    fail(
        "2 MiB zero fill",
        |machine| {
            let world = written::<S>(machine);
            map_huge(&world);
            world
        },
        |world| touch(world, HUGE, Access::Write),
    );
    fail("2 MiB copy on write", huge, |world| touch(world, HUGE, Access::Write));
    fail("fork of a 2 MiB page", huge, |(vm, space)| vm.fork(*space).is_ok());
    let part: Attempt<S> =
        |(vm, space)| vm.munmap(*space, PageRange { start: HUGE.plus(9), pages: 3 }).is_ok();
    fail_each("munmap of a part of a 2 MiB page", LARGE, huge, part, Splits::Perhaps, reached);
}

/// The lines of the VM's source that allocate: calls of what asks the machine first, outside of
/// functions that pass their caller's place on.
fn allocating_lines() -> BTreeSet<(String, u32)> {
    const CALLS: [&str; 6] = [
        "self.allocate_frame(",
        "self.allocate_huge(",
        "self.allocate_slab(",
        "self.allocate_slot(",
        "self.new_vma(",
        "self.new_vma_for(",
    ];
    let mut lines = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (mut tracked, mut passes_on) = (false, false);
            let text = std::fs::read_to_string(&path).unwrap();
            for (number, line) in (1..).zip(text.lines()) {
                tracked |= line.trim() == "#[track_caller]";
                if line.contains("fn ") && line.contains('(') || line.trim().starts_with("fn ") {
                    passes_on = std::mem::take(&mut tracked);
                }
                if !passes_on && CALLS.iter().any(|call| line.contains(call)) {
                    let source = path.to_str().unwrap().rsplit("src/").next().unwrap();
                    lines.insert((source.to_owned(), number));
                }
            }
        }
    }
    lines
}

#[test]
fn every_allocation_point_can_fail_without_a_trace() {
    let mut reached = SchemeId::PteNext.visit(FailEverything);
    if cfg!(miri) {
        // One scheme that allocates, too, has shown what there is to see.
        return;
    }
    for id in SchemeId::ALL {
        reached.extend(id.visit(FailEverything));
    }
    println!("{} allocation points, each failed at least once", reached.len());
    let in_vm = reached.iter().filter(|(file, _)| file.contains("vm/src"));
    let in_vm: BTreeSet<(String, u32)> =
        in_vm.map(|(file, line)| (file.rsplit("src/").next().unwrap().to_owned(), *line)).collect();
    let missed: Vec<_> = allocating_lines().difference(&in_vm).cloned().collect();
    assert_eq!(missed, [], "these never failed");
}

#[test]
fn a_page_that_could_not_be_had_is_there_at_the_next_try() {
    let machine = machine();
    let vm = vm_with_swap::<rmap::PteNext, _>(&machine, 4);
    let space = space_with_heap(&vm, 4);
    machine.fail_allocation(Some(0));
    assert!(try_touch(&vm, space, 0, Access::Write, 5).is_err());
    assert!(try_touch(&vm, space, 0, Access::Write, 5).is_ok());
    assert_sound(&vm);
}
