//! The machine itself.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rmap::{Frame, PageIndex, SLOTS_PER_TABLE};
use vm::{
    Access, AccessError, Arena, CpuId, FaultHandler, Flushed, Machine, OwnedArena, PageFault,
    PhysicalAddress, Pte, PteSlot, Ticks, VirtualAddress,
};

use crate::tlb::{StaleUse, Tlb, Translation};

/// Where the arena pretends to start: never 0, so that a frame number is never taken for an address.
const PHYSICAL_BASE: PhysicalAddress = PhysicalAddress(0x4000_0000);

/// A machine with one CPU.
#[derive(Debug)]
pub struct Model {
    arena: OwnedArena,
    tlb: Mutex<Tlb>,
    start: Instant,
}

impl Model {
    /// A machine with `frames` frames of memory.
    #[must_use]
    pub fn new(frames: u32) -> Self {
        Self {
            arena: OwnedArena::new(frames, PHYSICAL_BASE),
            tlb: Mutex::default(),
            start: Instant::now(),
        }
    }

    /// Every use of a translation that should have been flushed, so far.
    pub fn stale_uses(&self) -> Vec<StaleUse> {
        self.tlb().stale_uses.clone()
    }

    fn tlb(&self) -> MutexGuard<'_, Tlb> {
        self.tlb.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks the tables as the CPU does. Returns the leaf slot if every level above is present.
    fn walk(&self, root: Frame, page: PageIndex) -> Option<PteSlot<'_>> {
        let arena = self.arena.arena();
        let mut table = root;
        for shift in [27, 18, 9] {
            let slot = (page.0 >> shift) as usize % SLOTS_PER_TABLE;
            let entry = PteSlot::new(&arena.words(table)[slot]).read();
            if !entry.is_present() {
                return None;
            }
            table = arena.frame_at(entry.address())?;
        }
        Some(PteSlot::new(&arena.words(table)[usize::from(page.slot())]))
    }

    /// What the tables say of `page` now.
    fn mapped(&self, root: Frame, page: PageIndex) -> Option<(Pte, Frame)> {
        let pte = self.walk(root, page)?.read();
        let frame = self.arena.arena().frame_at(pte.address())?;
        pte.is_present().then_some((pte, frame))
    }

    /// Translates as the CPU does: by the TLB if it allows the access, else by a walk, which sets
    /// accessed and dirty bits and fills the TLB.
    fn translate(&self, page: PageIndex, access: Access) -> Option<Frame> {
        let mut tlb = self.tlb();
        let root = tlb.root?;
        if let Some(cached) = tlb.entries.get(&page).copied() {
            if cached.allows(access) {
                if let Some(staleness) = cached.staleness(access, self.mapped(root, page)) {
                    tlb.stale_uses.push(StaleUse { page, access, staleness });
                } else if let Some(slot) = self.walk(root, page) {
                    slot.mark(access);
                }
                return Some(cached.frame);
            }
            // A fault, or a walk before one, drops the translation (SDM vol. 3A, 5.10.4.1).
            tlb.entries.remove(&page);
        }
        let slot = self.walk(root, page)?;
        let pte = slot.read();
        let frame = self.arena.arena().frame_at(pte.address())?;
        let fresh = Translation { frame, writable: pte.is_writable() };
        if !pte.is_present() || !fresh.allows(access) {
            return None;
        }
        slot.mark(access);
        tlb.entries.insert(page, fresh);
        Some(frame)
    }
}

impl Machine for Model {
    fn arena(&self) -> &Arena {
        self.arena.arena()
    }

    fn cpu(&self) -> CpuId {
        CpuId(0)
    }

    fn prepare_root(&self, _root: Frame) {}

    fn activate(&self, root: Option<Frame>) {
        let mut tlb = self.tlb();
        tlb.root = root;
        tlb.entries.clear();
    }

    fn flush_page(&self, root: Frame, page: PageIndex) -> Flushed {
        let mut tlb = self.tlb();
        if tlb.root != Some(root) {
            return Flushed::Nothing;
        }
        tlb.entries.remove(&page);
        Flushed::Invlpg
    }

    fn flush_space(&self, root: Frame) -> Flushed {
        let mut tlb = self.tlb();
        if tlb.root != Some(root) {
            return Flushed::Nothing;
        }
        tlb.entries.clear();
        Flushed::Cr3Load
    }

    fn access(
        &self,
        address: VirtualAddress,
        access: Access,
        value: u64,
    ) -> Result<u64, AccessError> {
        let Some(frame) = self.translate(address.page(), access) else {
            return Err(AccessError::Raised(PageFault { address, access }));
        };
        let word = &self.arena().words(frame)[(address.0 % 4096) as usize / 8];
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

    /// Nanoseconds of the host's monotonic clock.
    fn now(&self) -> Ticks {
        Ticks(self.start.elapsed().as_nanos() as u64)
    }
}
