//! The machine itself.

use std::panic::Location;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use rmap::{Frame, PageIndex};
use vm::{
    Access, AccessError, Arena, CpuId, FRAME_BYTES, FaultHandler, Flushed, Machine, OwnedArena,
    PageFault, PhysicalAddress, Ticks, VirtualAddress,
};

use crate::failure::{AllocationPoint, Allocations};
use crate::lock::lock;
use crate::stale::{StaleUse, StaleUses};
use crate::tlb::Tlb;
use crate::translate::Translator;

/// Where the arena pretends to start: never 0, so that a frame number is never taken for an address.
/// A multiple of 2 MiB, so that frames that are aligned by number are aligned in memory.
const PHYSICAL_BASE: PhysicalAddress = PhysicalAddress(0x4000_0000);

/// A machine whose CPUs take turns: all threads together are one CPU at a time, see [`Self::run_on`].
#[derive(Debug)]
pub struct Model {
    arena: OwnedArena,
    cpu: AtomicU16,
    tlbs: Box<[Mutex<Tlb>]>,
    stale_uses: StaleUses,
    allocations: Allocations,
    start: Instant,
}

impl Model {
    /// A machine with `frames` frames of memory and one CPU.
    #[must_use]
    pub fn new(frames: u32) -> Self {
        Self::with_cpus(frames, 1)
    }

    /// A machine with `frames` frames of memory and `cpus` CPUs, of which the first runs.
    #[must_use]
    pub fn with_cpus(frames: u32, cpus: u16) -> Self {
        assert!(cpus > 0, "a machine without a CPU");
        Self {
            arena: OwnedArena::new(frames, PHYSICAL_BASE),
            cpu: AtomicU16::new(0),
            tlbs: (0..cpus).map(|_| Mutex::default()).collect(),
            stale_uses: StaleUses::default(),
            allocations: Allocations::default(),
            start: Instant::now(),
        }
    }

    /// Lets `cpu` run whatever comes next, with the tables that it loaded last.
    ///
    /// # Panics
    /// If there is no such CPU.
    pub fn run_on(&self, cpu: CpuId) {
        assert!(usize::from(cpu.0) < self.tlbs.len(), "there is no CPU {}", cpu.0);
        self.cpu.store(cpu.0, Relaxed);
    }

    /// The first 64 uses, by any CPU, of translations that should have been flushed.
    pub fn stale_uses(&self) -> Vec<StaleUse> {
        self.stale_uses.first()
    }

    /// How many stale uses there were besides [`Self::stale_uses`].
    pub fn further_stale_uses(&self) -> u64 {
        self.stale_uses.further()
    }

    /// As [`Self::stale_uses`], and forgets all of them.
    pub fn take_stale_uses(&self) -> Vec<StaleUse> {
        self.stale_uses.take()
    }

    /// Makes one allocation fail, once: the `nth` from now, 0 being the next. `None` calls it off.
    pub fn fail_allocation(&self, nth: Option<u64>) {
        self.allocations.fail(nth);
    }

    /// How many allocations were asked for from the time that [`Self::fail_allocation`] last named one
    /// to now, or until that was called off. If it is no more than `nth`, none failed.
    pub fn allocations_since_armed(&self) -> u64 {
        self.allocations.since_armed()
    }

    /// Records every allocation from now on, and not only while one is to fail.
    pub fn record_allocations(&self) {
        self.allocations.record();
    }

    /// The places that allocated while they were recorded or one was to fail, in the order of the
    /// source.
    pub fn points(&self) -> Vec<AllocationPoint> {
        self.allocations.points()
    }

    fn tlb(&self) -> MutexGuard<'_, Tlb> {
        lock(&self.tlbs[usize::from(self.cpu().0)])
    }
}

impl Machine for Model {
    #[inline]
    fn arena(&self) -> &Arena {
        self.arena.arena()
    }

    #[inline]
    fn cpu(&self) -> CpuId {
        CpuId(self.cpu.load(Relaxed))
    }

    fn prepare_root(&self, _root: Frame) {}

    fn activate(&self, root: Option<Frame>) {
        self.tlb().load(root);
    }

    fn flush_page(&self, root: Frame, page: PageIndex) -> Flushed {
        let mut tlb = self.tlb();
        if tlb.root() != Some(root) {
            return Flushed::Nothing;
        }
        tlb.remove(page);
        Flushed::Invlpg
    }

    fn flush_space(&self, root: Frame) -> Flushed {
        let mut tlb = self.tlb();
        if tlb.root() != Some(root) {
            return Flushed::Nothing;
        }
        tlb.clear();
        Flushed::Cr3Load
    }

    fn access(
        &self,
        address: VirtualAddress,
        access: Access,
        value: u64,
    ) -> Result<u64, AccessError> {
        let cpu = self.cpu();
        let mut translator = Translator {
            arena: self.arena(),
            cpu,
            tlb: &mut lock(&self.tlbs[usize::from(cpu.0)]),
            stale_uses: &self.stale_uses,
        };
        let Some(frame) = translator.translate(address.page(), access) else {
            return Err(AccessError::Raised(PageFault { address, access }));
        };
        let word = self.arena().word(frame, address.0 as usize % FRAME_BYTES / 8);
        match access {
            Access::Read => Ok(word.load(Relaxed)),
            Access::Write => {
                word.store(value, Relaxed);
                Ok(value)
            }
        }
    }

    fn with_faults<R>(&self, _handler: &dyn FaultHandler, body: impl FnOnce() -> R) -> R {
        body()
    }

    fn copy_frame(&self, from: Frame, to: Frame) {
        let (from, to) = (self.arena().words(from), self.arena().words(to));
        for (from, to) in from.iter().zip(to) {
            to.store(from.load(Relaxed), Relaxed);
        }
    }

    fn zero_frame(&self, frame: Frame) {
        for word in self.arena().words(frame) {
            word.store(0, Relaxed);
        }
    }

    fn may_allocate(&self, point: &'static Location<'static>) -> bool {
        self.allocations.may_succeed(point)
    }

    /// Nanoseconds of the host's monotonic clock.
    fn now(&self) -> Ticks {
        Ticks(self.start.elapsed().as_nanos() as u64)
    }
}
