//! A VM on a machine that forgets flushes must be caught: the model is only worth what it notices.

use model::{Model, Staleness};
use rmap::{Frame, PageIndex, PteNext};
use vm::{
    Access, AccessError, Arena, CpuId, FaultHandler, Flushed, Machine, Ticks, VirtualAddress,
    WhenIncomplete,
};

use crate::support::{HEAP, machine, read, space_with_heap, vm, vm_with_swap, write};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Forgets {
    PageFlushes,
    SpaceFlushes,
}

struct Forgetful {
    model: Model,
    forgets: Forgets,
}

impl Machine for Forgetful {
    fn arena(&self) -> &Arena {
        self.model.arena()
    }

    fn cpu(&self) -> CpuId {
        self.model.cpu()
    }

    fn prepare_root(&self, root: Frame) {
        self.model.prepare_root(root);
    }

    fn activate(&self, root: Option<Frame>) {
        self.model.activate(root);
    }

    fn flush_page(&self, root: Frame, page: PageIndex) -> Flushed {
        match self.forgets {
            Forgets::PageFlushes => Flushed::Invlpg,
            Forgets::SpaceFlushes => self.model.flush_page(root, page),
        }
    }

    fn flush_space(&self, root: Frame) -> Flushed {
        match self.forgets {
            Forgets::PageFlushes => self.model.flush_space(root),
            Forgets::SpaceFlushes => Flushed::Cr3Load,
        }
    }

    fn access(&self, at: VirtualAddress, access: Access, value: u64) -> Result<u64, AccessError> {
        self.model.access(at, access, value)
    }

    fn with_faults<R>(&self, handler: &dyn FaultHandler, body: impl FnOnce() -> R) -> R {
        self.model.with_faults(handler, body)
    }

    fn copy_frame(&self, from: Frame, to: Frame) {
        self.model.copy_frame(from, to);
    }

    fn zero_frame(&self, frame: Frame) {
        self.model.zero_frame(frame);
    }

    fn now(&self) -> Ticks {
        self.model.now()
    }
}

#[test]
fn a_fork_without_a_flush_lets_the_parent_write_to_shared_pages() {
    let machine = Forgetful { model: machine(), forgets: Forgets::SpaceFlushes };
    let vm = vm::<PteNext, _>(&machine);
    let parent = space_with_heap(&vm, 1);
    write(&vm, parent, 0, 1);
    vm.fork(parent).unwrap();
    write(&vm, parent, 0, 2);
    assert_eq!(machine.model.stale_uses()[0].staleness, Staleness::WriteProtected);
}

#[test]
fn a_copy_on_write_without_a_flush_leaves_the_reader_at_the_old_frame() {
    let machine = Forgetful { model: machine(), forgets: Forgets::PageFlushes };
    let vm = vm_with_swap::<PteNext, _>(&machine, 4);
    let parent = space_with_heap(&vm, 1);
    write(&vm, parent, 0, 1);
    vm.fork(parent).unwrap();
    // The write fault itself drops this page's translation, as on hardware.
    read(&vm, parent, 0);
    write(&vm, parent, 0, 2);
    assert_eq!(machine.model.stale_uses(), []);
    // An eviction has no fault to help it.
    let frame = vm.frame_at(parent, HEAP).unwrap();
    vm.unmap_frame(frame, WhenIncomplete::Refuse);
    read(&vm, parent, 0);
    assert_eq!(machine.model.stale_uses()[0].staleness, Staleness::Unmapped);
}
