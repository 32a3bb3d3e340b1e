//! A machine without a CPU, for unit tests that reach into the VM: pages come in by `fault_in`.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, PageIndex};

use crate::machine::{
    Access, AccessError, CpuId, FaultHandler, Flushed, Machine, PhysicalAddress, Ticks,
    VirtualAddress,
};
use crate::memory::{Arena, OwnedArena};

/// Memory, and nothing that could look at it.
#[derive(Debug)]
pub struct Still(OwnedArena);

impl Still {
    /// With `frames` frames of memory.
    pub fn new(frames: u32) -> Self {
        Self(OwnedArena::new(frames, PhysicalAddress(0x4000_0000)))
    }
}

impl Machine for Still {
    fn arena(&self) -> &Arena {
        self.0.arena()
    }

    fn cpu(&self) -> CpuId {
        CpuId(0)
    }

    fn prepare_root(&self, _: Frame) {}

    fn activate(&self, _: Option<Frame>) {}

    fn flush_page(&self, _: Frame, _: PageIndex) -> Flushed {
        Flushed::Nothing
    }

    fn flush_space(&self, _: Frame) -> Flushed {
        Flushed::Nothing
    }

    fn access(&self, _: VirtualAddress, _: Access, _: u64) -> Result<u64, AccessError> {
        unreachable!("there is no CPU")
    }

    fn with_faults<R>(&self, _: &dyn FaultHandler, body: impl FnOnce() -> R) -> R {
        body()
    }

    fn copy_frame(&self, from: Frame, to: Frame) {
        for (from, to) in self.arena().words(from).iter().zip(self.arena().words(to)) {
            to.store(from.load(Relaxed), Relaxed);
        }
    }

    fn zero_frame(&self, frame: Frame) {
        self.arena().words(frame).iter().for_each(|word| word.store(0, Relaxed));
    }

    fn now(&self) -> Ticks {
        Ticks(0)
    }
}
