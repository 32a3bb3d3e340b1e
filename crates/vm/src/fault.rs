//! Page faults: zero fill, copy on write, reuse of an exclusive page.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Mapping, OutOfMemory, PtePosition, Scheme};

use crate::frame_table::FrameKind;
use crate::machine::{
    Access, AccessError, FaultHandler, FaultRefused, Machine, PageFault, VirtualAddress,
};
use crate::pte::Pte;
use crate::vm::Vm;

/// How a fault was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FaultKind {
    /// A page of zeroes was mapped.
    ZeroFill = 1,
    /// A shared page was copied.
    CopyOnWrite = 2,
    /// The page had become exclusive and was made writable.
    Reuse = 3,
    /// The PTE already allowed the access: an old translation had lingered.
    Spurious = 4,
}

impl FaultKind {
    const ALL: [Self; 4] = [Self::ZeroFill, Self::CopyOnWrite, Self::Reuse, Self::Spurious];
}

/// What the fault handler did last, for whoever made the access.
#[derive(Debug, Default)]
pub(crate) struct LastFault(AtomicU32);

impl LastFault {
    fn set(&self, kind: FaultKind) {
        self.0.store(kind as u32, Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    fn get(&self) -> Option<FaultKind> {
        let word = self.0.load(Relaxed);
        FaultKind::ALL.into_iter().find(|kind| *kind as u32 == word)
    }
}

/// What came of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// What was read, or written.
    pub value: u64,
    /// How the page fault it took was resolved, if it took one.
    pub fault: Option<FaultKind>,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Loads or stores 8 bytes of the active address space, faults included.
    ///
    /// # Errors
    /// The access is illegal, or memory ran out.
    #[inline]
    pub fn touch(
        &self,
        address: VirtualAddress,
        access: Access,
        value: u64,
    ) -> Result<Touched, FaultRefused> {
        self.last_fault.clear();
        loop {
            match self.machine.access(address, access, value) {
                Ok(value) => return Ok(Touched { value, fault: self.last_fault.get() }),
                Err(AccessError::Raised(fault)) => self.page_fault(fault)?,
                Err(AccessError::Refused(why)) => return Err(why),
            }
        }
    }

    /// Maps a fresh page of zeroes at `at`.
    fn zero_fill(&self, at: &Mapping, access: Access) -> Result<FaultKind, OutOfMemory> {
        let frame = self.frames.allocate(FrameKind::Anonymous, self.counters())?;
        self.machine.zero_frame(frame);
        if let Err(out_of_memory) = self.scheme.map(self, frame, at) {
            self.frames.free(frame, self.counters());
            return Err(out_of_memory);
        }
        self.raise_mapcount(frame);
        let pte = Pte::page(self.machine.arena().physical(frame)).writable();
        let pte = match access {
            Access::Read => pte,
            Access::Write => pte.accessed_and_dirty(),
        };
        self.slot(at.position).fill(pte);
        self.counters().pte_writes.add(1);
        Ok(FaultKind::ZeroFill)
    }

    /// Resolves a write to a page that is mapped read-only.
    fn break_cow(&self, at: &Mapping, pte: Pte) -> Result<FaultKind, OutOfMemory> {
        let shared = self.frame_of(pte);
        if self.frames.info(shared).mapcount().load(Relaxed) == 1 {
            self.scheme.reuse(self, shared, at);
            // More rights need no flush: the CPU walks again before it faults, and drops what it had
            // (Intel SDM vol. 3A, 5.10.4.3).
            self.slot(at.position).make_writable();
            self.counters().pte_writes.add(1);
            return Ok(FaultKind::Reuse);
        }
        let copy = self.frames.allocate(FrameKind::Anonymous, self.counters())?;
        self.machine.copy_frame(shared, copy);
        if let Err(out_of_memory) = self.scheme.break_cow(self, shared, copy, at) {
            self.frames.free(copy, self.counters());
            return Err(out_of_memory);
        }
        self.raise_mapcount(copy);
        let fresh = Pte::page(self.machine.arena().physical(copy)).writable().accessed_and_dirty();
        self.slot(at.position).replace(fresh);
        self.counters().pte_writes.add(1);
        self.flush_page(at.space, at.page);
        self.drop_mapping(shared);
        Ok(FaultKind::CopyOnWrite)
    }

    fn resolve(&self, fault: PageFault) -> Result<FaultKind, FaultRefused> {
        let id = self.active().ok_or(FaultRefused::Segfault)?;
        let space = self.space(id);
        let _space_guard = self.lock_space(space);
        let page = fault.address.page();
        let vma = self.find_vma(space, page).ok_or(FaultRefused::Segfault)?;
        let table = self.ensure_leaf_table(id, space.root(), page)?;
        let _table_guard = self.frames.lock(table, self.counters());
        let position = PtePosition { table, slot: page.slot() };
        let at = Mapping { space: id, vma, page, position };
        let pte = self.slot(position).read();
        if !pte.is_present() {
            return Ok(self.zero_fill(&at, fault.access)?);
        }
        if fault.access == Access::Read || pte.is_writable() {
            return Ok(FaultKind::Spurious);
        }
        Ok(self.break_cow(&at, pte)?)
    }
}

impl<S: Scheme, M: Machine> FaultHandler for Vm<'_, S, M> {
    fn page_fault(&self, fault: PageFault) -> Result<(), FaultRefused> {
        let kind = self.resolve(fault)?;
        self.last_fault.set(kind);
        Ok(())
    }
}

impl From<OutOfMemory> for FaultRefused {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}
