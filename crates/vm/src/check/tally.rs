//! What the tables say of each frame, gathered in the list links of pages, which pages do not use.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, PtePosition, Scheme, SwapSlot};

use super::Inconsistency;
use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::Machine;
use crate::object::Contents;
use crate::pte::{Entry, Pte, PteSlot};
use crate::vm::Vm;
use crate::vma::Traits;

/// Marks in a page's tally that one of its entries calls it exclusive.
const EXCLUSIVE: u32 = 1 << 31;

/// What the tables say of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// Entries that name it.
    pub entries: u32,
    /// Whether one of them calls it exclusive.
    pub exclusive: bool,
    /// The sum of the fingerprints of their positions.
    pub fingerprints: u32,
}

/// Mixes a position into 32 bits, so that two sets of positions can be compared by their sums.
pub(super) fn fingerprint(position: PtePosition) -> u32 {
    let mixed = position.to_word().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    pub(super) fn clear_tally(&self) {
        for frame in (0..self.frames.count()).map(Frame) {
            if self.is_page(frame) {
                let (count, sum) = self.frames.info(frame).links();
                count.store(0, Relaxed);
                sum.store(0, Relaxed);
            }
        }
        for slot in (0..self.swap.count()).map(SwapSlot) {
            self.swap.seen(slot).store(0, Relaxed);
        }
    }

    /// Takes a page's tally, which is clear afterwards.
    pub(super) fn take_tally(&self, frame: Frame) -> Tally {
        let (count, sum) = self.frames.info(frame).links();
        let count = count.swap(0, Relaxed);
        Tally {
            entries: count & !EXCLUSIVE,
            exclusive: count & EXCLUSIVE != 0,
            fingerprints: sum.swap(0, Relaxed),
        }
    }

    /// Looks at every entry that maps pages, or would.
    pub(super) fn tally_tables(&self) -> Result<(), Inconsistency> {
        for table in (0..self.frames.count()).map(Frame) {
            let leaf = self.frames.is(table, FrameKind::LeafTable);
            let announced = self.frames.is(table, FrameKind::Directory)
                && self.frames.info(table).is_marked(FrameMark::Announced);
            if leaf || announced {
                self.tally_table(table, leaf)?;
            }
        }
        Ok(())
    }

    fn tally_table(&self, table: Frame, leaf: bool) -> Result<(), Inconsistency> {
        for (slot, word) in (0..).zip(self.frames.words(table)) {
            let pte = PteSlot::new(word).read();
            if pte.is_empty() || (!leaf && !pte.is_huge()) {
                continue;
            }
            let position = PtePosition { table, slot };
            let wrong = self.tally_entry(position, pte, leaf);
            if let Err(what) = wrong {
                return Err(Inconsistency::Entry { position, what });
            }
        }
        Ok(())
    }

    fn tally_entry(&self, position: PtePosition, pte: Pte, leaf: bool) -> Result<(), &'static str> {
        let owner = self.frames.table_owner(position.table);
        let page = owner.page(position.slot);
        if self.position_of(self.space(owner.space).root(), page) != Some(position) {
            return Err("is not where its table's owner has that page");
        }
        let vma = self.vma_behind(position).ok_or("is in use where nothing is mapped")?;
        let vma = self.vma(vma);
        if pte.is_writable() && pte.is_present() && !vma.is(Traits::WRITABLE) {
            return Err("can write where the area forbids it");
        }
        match pte.entry() {
            Entry::Present => {
                let frame = self.frame_of(pte);
                if self.is_huge(frame) == leaf {
                    return Err("maps a page of the wrong size");
                }
                match self.frames.kind(frame) {
                    FrameKind::ZeroPage if pte.is_writable() => {
                        Err("can write to the page of zeroes")
                    }
                    FrameKind::ZeroPage => Ok(()),
                    FrameKind::Anonymous => {
                        self.check_anonymous_entry(pte, frame, vma.traits())?;
                        self.add_to_tally(frame, position, pte);
                        Ok(())
                    }
                    FrameKind::ObjectPage => {
                        let expected = vma.object().map(|object| (object, vma.offset_of(page)));
                        if self.object_page(frame) != expected {
                            return Err("maps another page than the area's object has there");
                        }
                        let shared = vma.is(Traits::SHARED);
                        let dirty = self.frames.info(frame).is_marked(FrameMark::Dirty);
                        if pte.is_writable() && !(shared && dirty) {
                            return Err("can write to an object's page that is private or clean");
                        }
                        self.add_to_tally(frame, position, pte);
                        Ok(())
                    }
                    _ => Err("maps a frame that is no page"),
                }
            }
            Entry::Migration(frame) => {
                if !self.is_page(frame) || !self.is_migrating(frame) {
                    return Err("waits for a frame that is not being migrated");
                }
                self.add_to_tally(frame, position, pte);
                Ok(())
            }
            Entry::Swap(slot) => {
                self.swap.seen(slot).fetch_add(1, Relaxed);
                Ok(())
            }
            Entry::Poison => Ok(()),
            Entry::Empty => Err("is neither empty nor anything else"),
        }
    }

    fn check_anonymous_entry(
        &self,
        pte: Pte,
        frame: Frame,
        traits: Traits,
    ) -> Result<(), &'static str> {
        let info = self.frames.info(frame);
        let alone = info.mapcount().load(Relaxed) == 1 && info.slot().is_none();
        if pte.is_writable() && !pte.is_exclusive() {
            return Err("can write to a page that is not its own");
        }
        if pte.is_exclusive() && !alone {
            return Err("calls a page exclusive that others can reach");
        }
        if traits.has(Traits::SHARED) {
            return Err("maps a private page in a shared area");
        }
        if self.is_migrating(frame) {
            return Err("maps a page that is being migrated");
        }
        Ok(())
    }

    fn add_to_tally(&self, frame: Frame, position: PtePosition, pte: Pte) {
        let (count, sum) = self.frames.info(frame).links();
        count.fetch_add(1, Relaxed);
        if pte.is_exclusive() {
            count.fetch_or(EXCLUSIVE, Relaxed);
        }
        sum.store(sum.load(Relaxed).wrapping_add(fingerprint(position)), Relaxed);
    }

    /// Counts the slots that objects name, whether the page is in memory or not.
    pub(super) fn tally_objects(&self) {
        for index in (0..self.frames.count()).map(Frame) {
            if !self.frames.is(index, FrameKind::ObjectIndex) {
                continue;
            }
            for contents in self.indexed_contents(index).into_iter().flatten() {
                let slot = match contents {
                    Contents::Stored(slot) => Some(slot),
                    Contents::Cached(frame) => self.frames.info(frame).slot(),
                    Contents::Zero | Contents::Poisoned => None,
                };
                if let Some(slot) = slot {
                    self.swap.seen(slot).fetch_add(1, Relaxed);
                }
            }
        }
    }
}
