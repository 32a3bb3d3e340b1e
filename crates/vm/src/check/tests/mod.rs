//! The VM is broken on purpose, one thing at a time, and the oracle has to name it; and it has to keep
//! silent of what is odd but right.

mod answers;
mod entries;
mod pages;
mod schemes;
mod sums;
mod witness;

use rmap::{Coverage, Frame, PageIndex, PtePosition, Scheme, SpaceId};

use super::Inconsistency;
use crate::machine::Access;
use crate::pte::PteSlot;
use crate::request::{Backing, MapRequest, ObjectId, ObjectKind, PageSize, Placement, Protection};
use crate::space::PageRange;
use crate::still::Still;
use crate::vm::{Vm, VmConfig};
use crate::vma::Traits;
use witness::Witness;

/// The scheme where it does not matter which.
type Honest = Witness<{ witness::EXACT }>;

/// Two pages, both written to.
const HEAP: PageIndex = PageIndex(0x1_01f0);
/// A file's two pages, shared; the first is written to, the second has been read.
const FILE: PageIndex = PageIndex(0x2_0000);
/// A 2 MiB page, written to but under Miri, which takes a minute to clear so much.
const HUGE: PageIndex = PageIndex(0x4_0000);
/// In an area of four pages of which nothing is in memory.
const BARE: PageIndex = PageIndex(0x8_0000);

/// A machine for a [`World`], which needs little but for its 2 MiB page.
fn machine() -> Still {
    Still::new(if cfg!(miri) { 256 } else { 4096 })
}

/// The pages of a [`World`] that are in memory.
fn touched() -> impl Iterator<Item = PageIndex> {
    let huge = (!cfg!(miri)).then_some(HUGE);
    [HEAP, HEAP.plus(1), FILE, FILE.plus(1)].into_iter().chain(huge)
}

/// A VM with one process that has some of everything.
struct World<'m, S: Scheme> {
    vm: Vm<'m, S, Still>,
    space: SpaceId,
    file: ObjectId,
}

impl<'m, S: Scheme> World<'m, S> {
    fn new(machine: &'m Still) -> Self {
        let vm = Vm::<S, _>::new(machine, &VmConfig { swap_slots: 8, memory: None })
            .expect("a large arena");
        let space = vm.create_space().unwrap();
        let file = vm.create_object(ObjectKind::File, 2).unwrap();
        let at = |start, pages| MapRequest::private(Placement::Vacant(start), pages);
        let backing = Backing::SharedObject { object: file, offset: 0 };
        for request in [
            at(HEAP, 2),
            MapRequest { backing, ..at(FILE, 2) },
            MapRequest { page_size: PageSize::Huge, ..at(HUGE, 512) },
            at(BARE, 4),
        ] {
            vm.mmap(space, &request).unwrap();
        }
        let world = Self { vm, space, file };
        for page in touched() {
            let access = if page == FILE.plus(1) { Access::Read } else { Access::Write };
            world.touch(page, access);
        }
        world.is_sound();
        world
    }

    fn touch(&self, page: PageIndex, access: Access) {
        self.vm.fault_in(self.space, page, access).expect("a legal access");
    }

    fn position(&self, page: PageIndex) -> PtePosition {
        let root = self.vm.space(self.space).root();
        self.vm.position_of(root, page).expect("there is a table")
    }

    fn slot(&self, page: PageIndex) -> PteSlot<'_> {
        self.vm.slot(self.position(page))
    }

    fn frame(&self, page: PageIndex) -> Frame {
        self.vm.frame_at(self.space, page).expect("a page is mapped there")
    }

    fn set_traits(&self, page: PageIndex, change: impl FnOnce(Traits) -> Traits) {
        let space = self.vm.space(self.space);
        let vma = self.vm.vma(self.vm.vma_covering(space, page).expect("an area"));
        vma.set_traits(change(vma.traits()));
    }

    #[track_caller]
    fn is_sound(&self) {
        assert_eq!(self.vm.check(), Ok(()));
    }

    #[track_caller]
    fn is_wrong(&self, what: Inconsistency) {
        assert_eq!(self.vm.check(), Err(what));
    }

    #[track_caller]
    fn entry_is_wrong(&self, page: PageIndex, what: &'static str) {
        self.is_wrong(Inconsistency::Entry { position: self.position(page), what });
    }

    #[track_caller]
    fn page_is_wrong(&self, frame: Frame, what: &'static str) {
        self.is_wrong(Inconsistency::Page { frame, what });
    }
}
