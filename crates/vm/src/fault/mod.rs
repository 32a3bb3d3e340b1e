//! Page faults: what is missing is brought in, what is shared is copied.

mod anonymous;
mod huge;
mod object;
mod stack;
mod swapped;

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Mapping, OutOfMemory, PageIndex, Prepared, PtePosition, Scheme, SpaceId, VmaId};

use crate::machine::{
    Access, AccessError, FaultHandler, FaultRefused, Machine, PageFault, VirtualAddress,
};
use crate::page_table::Walk;
use crate::pte::{Entry, Pte, PteSlot};
use crate::reclaim::RanOut;
use crate::request::ObjectId;
use crate::space::{PageRange, Space};
use crate::vm::Vm;
use crate::vma::{Traits, Vma};

/// How a fault was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FaultKind {
    /// A page of zeroes was mapped.
    ZeroFill = 1,
    /// A shared page was copied.
    CopyOnWrite,
    /// The page had become exclusive and was made writable.
    Reuse,
    /// The PTE already allowed the access: an old translation had lingered.
    Spurious,
    /// A read mapped the page of zeroes that all share.
    SharedZero,
    /// The page came from the swap device or the swap cache.
    SwapIn,
    /// A page of an object was mapped, or made writable for all who share it.
    Object,
    /// A stack grew down to the page.
    Stack,
    /// As [`Self::ZeroFill`], of 2 MiB.
    HugeZeroFill,
    /// As [`Self::CopyOnWrite`], of 2 MiB.
    HugeCopyOnWrite,
}

impl FaultKind {
    const ALL: [Self; 10] = [
        Self::ZeroFill,
        Self::CopyOnWrite,
        Self::Reuse,
        Self::Spurious,
        Self::SharedZero,
        Self::SwapIn,
        Self::Object,
        Self::Stack,
        Self::HugeZeroFill,
        Self::HugeCopyOnWrite,
    ];
}

/// What the fault handler did last, for whoever made the access.
#[derive(Debug, Default)]
pub(crate) struct LastFault(AtomicU32);

impl LastFault {
    fn set(&self, kind: FaultKind) {
        self.0.store(u32::from(kind as u8), Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    fn get(&self) -> Option<FaultKind> {
        let number = self.0.load(Relaxed).checked_sub(1)?;
        FaultKind::ALL.get(number as usize).copied()
    }
}

/// What came of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// What was read, or written.
    pub value: u64,
    /// How the last page fault it took was resolved, if it took one.
    pub fault: Option<FaultKind>,
}

/// Where a fault happened: the mapping, and its slot at hand.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    mapping: &'a Mapping,
    slot: PteSlot<'a>,
}

/// Why a fault is not resolved yet.
enum Unresolved {
    Refused(FaultRefused),
    /// A 2 MiB page is in the way and has to be split, which needs locks that a fault holds.
    MustSplit,
}

impl From<FaultRefused> for Unresolved {
    fn from(refused: FaultRefused) -> Self {
        Self::Refused(refused)
    }
}

impl From<OutOfMemory> for Unresolved {
    fn from(_: OutOfMemory) -> Self {
        Self::Refused(FaultRefused::OutOfMemory)
    }
}

impl From<OutOfMemory> for FaultRefused {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
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

    /// Makes an access to `page` of any space possible, as a fault would.
    pub(crate) fn fault_in(
        &self,
        id: SpaceId,
        page: PageIndex,
        access: Access,
    ) -> Result<(), FaultRefused> {
        // A page that is read in can be shared still, and then a write needs one more fault.
        loop {
            if self.handle(id, page, access)? == FaultKind::Spurious {
                return Ok(());
            }
        }
    }

    #[inline]
    fn handle(
        &self,
        id: SpaceId,
        page: PageIndex,
        access: Access,
    ) -> Result<FaultKind, FaultRefused> {
        match self.resolve(id, page, access) {
            Ok(kind) => Ok(kind),
            Err(Unresolved::Refused(why)) if !(why.ran_out() && self.is_tight()) => Err(why),
            Err(_) => self.handle_under_pressure(id, page, access),
        }
    }

    /// Resolves a fault that needs memory, or a 2 MiB page to be split. The page that is there stays
    /// meanwhile: if reclaim took it, the next fault would bring it back into the frame that came
    /// free, and so on for ever.
    #[cold]
    fn handle_under_pressure(
        &self,
        id: SpaceId,
        page: PageIndex,
        access: Access,
    ) -> Result<FaultKind, FaultRefused> {
        let held = self.frame_at(id, page);
        if let Some(frame) = held {
            self.raise_pins(frame);
        }
        let handled = self.with_reclaim(|| {
            loop {
                match self.resolve(id, page, access) {
                    Ok(kind) => return Ok(kind),
                    Err(Unresolved::Refused(why)) => return Err(why),
                    Err(Unresolved::MustSplit) => self.split_huge_at(id, page)?,
                }
            }
        });
        if let Some(frame) = held {
            self.lower_pins(frame);
        }
        handled
    }

    fn resolve(
        &self,
        id: SpaceId,
        page: PageIndex,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        let space = self.space(id);
        let _guard = self.lock_space(space);
        match self.find_vma(space, page) {
            Some(vma) => self.resolve_in((id, space), (vma, self.vma(vma)), page, access),
            None => self.resolve_below_stack((id, space), page, access),
        }
    }

    /// Resolves a fault where no VMA is.
    #[cold]
    fn resolve_below_stack(
        &self,
        (id, space): (SpaceId, &Space<S::SpaceState>),
        page: PageIndex,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        self.grow_stack(space, page, |vma| {
            self.resolve_in((id, space), (vma, self.vma(vma)), page, access)
        })
    }

    /// Resolves a fault in `area`, which covers `page`. A failure leaves no table behind.
    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    fn resolve_in(
        &self,
        (id, space): (SpaceId, &Space<S::SpaceState>),
        (vma, area): (VmaId, &Vma<S::VmaState>),
        page: PageIndex,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        let traits = area.traits();
        if access == Access::Write && !traits.has(Traits::WRITABLE) {
            return Err(FaultRefused::Segfault.into());
        }
        let may_own = access == Access::Write || traits.has(Traits::HUGE);
        if S::PREPARES_VMAS
            && may_own
            && !traits.has(Traits::SHARED)
            && self.scheme.vma_prepare(self, vma)? == Prepared::Now
        {
            return self.resolve_first((id, space), (vma, area), traits, (page, access));
        }
        self.resolve_prepared((id, space), (vma, area), traits, (page, access))
    }

    /// Resolves the first fault of a VMA that may make a page its own.
    #[cold]
    fn resolve_first(
        &self,
        (id, space): (SpaceId, &Space<S::SpaceState>),
        (vma, area): (VmaId, &Vma<S::VmaState>),
        traits: Traits,
        (page, access): (PageIndex, Access),
    ) -> Result<FaultKind, Unresolved> {
        let resolved = self.resolve_prepared((id, space), (vma, area), traits, (page, access));
        if resolved.is_err() {
            self.scheme.vma_unprepared(self, vma);
        }
        resolved
    }

    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    fn resolve_prepared(
        &self,
        (id, space): (SpaceId, &Space<S::SpaceState>),
        (vma, area): (VmaId, &Vma<S::VmaState>),
        traits: Traits,
        (page, access): (PageIndex, Access),
    ) -> Result<FaultKind, Unresolved> {
        let table = match self.walk(space.root(), page) {
            Walk::Leaf(table) => table,
            Walk::Huge(position) => return self.huge_fault(vma, page, position, access),
            Walk::Missing(..) => {
                if let Some(kind) = self.huge_zero_fill(space, vma, page, access)? {
                    return Ok(kind);
                }
                self.ensure_leaf_table(id, space.root(), page)?
            }
        };
        let position = PtePosition { table, slot: page.slot() };
        let at = &Mapping { space: id, vma, page, position };
        let at = At { mapping: at, slot: self.slot(position) };
        let resolved = match area.object() {
            None => {
                let _table_guard = self.frames.lock(table, self.counters());
                self.resolve_at(at, None, traits, access)
            }
            Some(object) => {
                let lock = &self.object(object).lock;
                let _object_guard = lock.lock(&self.counters().lock_waits);
                let _table_guard = self.frames.lock(table, self.counters());
                self.resolve_at(at, Some(object), traits, access)
            }
        };
        if resolved.is_err() {
            self.prune_tables(space.root(), PageRange { start: page, pages: 1 });
        }
        resolved
    }

    /// Resolves a fault at one slot of a leaf table, whose lock the caller holds.
    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    fn resolve_at(
        &self,
        at: At<'_>,
        object: Option<ObjectId>,
        traits: Traits,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        let pte = at.slot.read();
        if pte.is_present() {
            return Ok(self.resolve_present(at, traits, access, pte)?);
        }
        match (pte.entry(), object) {
            (Entry::Empty, Some(object)) => self.object_fault(at, object, traits, access),
            (Entry::Empty, None) => Ok(match access {
                Access::Read => self.map_shared_zero(at),
                Access::Write => self.zero_fill(at)?,
            }),
            (Entry::Swap(slot), _) => Ok(self.swap_in(at, slot, traits, access)?),
            (Entry::Migration(_), _) => Err(FaultRefused::Migrating.into()),
            (Entry::Poison | Entry::Present, _) => Err(FaultRefused::Poisoned.into()),
        }
    }

    /// Resolves a fault where a page is mapped.
    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    fn resolve_present(
        &self,
        at: At<'_>,
        traits: Traits,
        access: Access,
        pte: Pte,
    ) -> Result<FaultKind, OutOfMemory> {
        if access == Access::Read || pte.is_writable() {
            return Ok(FaultKind::Spurious);
        }
        let frame = self.frame_of(pte);
        if frame == self.zero_page {
            return self.zero_fill_over(at);
        }
        if traits.has(Traits::SHARED) {
            self.dirty_object_page(frame);
            at.slot.make_writable();
            self.counters().pte_writes.add(1);
            return Ok(FaultKind::Object);
        }
        self.break_cow(at, frame)
    }
}

impl<S: Scheme, M: Machine> FaultHandler for Vm<'_, S, M> {
    fn page_fault(&self, fault: PageFault) -> Result<(), FaultRefused> {
        let id = self.active().ok_or(FaultRefused::Segfault)?;
        let kind = self.handle(id, fault.address.page(), fault.access)?;
        self.last_fault.set(kind);
        Ok(())
    }
}
