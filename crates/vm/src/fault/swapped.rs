//! Pages that come back from the swap device.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Scheme, Sharing, SwapSlot};

use super::{At, FaultKind};
use crate::machine::{Access, FaultRefused, Machine};
use crate::pte::Pte;
use crate::vm::Vm;
use crate::vma::Traits;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Maps the page of `slot` at `at`, where a swap entry names it. A page that a relative still has
    /// a claim to is mapped read-only, and a write then faults once more to copy it.
    pub(super) fn swap_in(
        &self,
        at: At<'_>,
        slot: SwapSlot,
        traits: Traits,
        access: Access,
    ) -> Result<FaultKind, FaultRefused> {
        if self.swap.is_poisoned(slot) {
            return Err(FaultRefused::Poisoned);
        }
        let frame = self.read_in(slot)?;
        if self.is_migrating(frame) {
            return Err(FaultRefused::Migrating);
        }
        let mapcount = self.frames.info(frame).mapcount().load(Relaxed);
        let sharing = match (self.swap.entries(slot), mapcount) {
            (1, 0) => Sharing::Exclusive,
            _ => Sharing::Shared,
        };
        // If this fails the page stays in the swap cache, as one that nobody maps.
        self.scheme.swap_in(self, frame, at.mapping, sharing)?;
        self.raise_mapcount(frame);
        let pte = Pte::page(self.machine.arena().physical(frame));
        let pte = match sharing {
            Sharing::Shared => pte.after(Access::Read),
            Sharing::Exclusive if access == Access::Write && traits.has(Traits::WRITABLE) => {
                pte.exclusive().writable().after(access)
            }
            Sharing::Exclusive => pte.exclusive().after(Access::Read),
        };
        at.slot.fill(pte);
        self.counters().pte_writes.add(1);
        self.drop_entry(slot);
        Ok(FaultKind::SwapIn)
    }
}
