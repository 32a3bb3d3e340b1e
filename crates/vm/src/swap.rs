//! The swap device: a run of frames at the arena's end, one for each slot, with a table of who names
//! each slot; and the swap cache, which ties a slot to the frame that holds the same page in memory.
//!
//! A slot is in use as long as a swap entry or an object names it. An anonymous page in the swap cache
//! is read-only everywhere, because a write by one relative must not reach another.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme, SwapSlot};

use crate::frame_table::{FrameKind, FrameMark};
use crate::lock::SpinLock;
use crate::machine::Machine;
use crate::memory::{Arena, FRAME_BYTES};
use crate::outcome::Refused;
use crate::vm::Vm;

/// One slot, as it lies in the arena.
#[derive(Debug)]
#[repr(C)]
pub struct SlotInfo {
    /// Swap entries that name it, and one if an object does. Of a free slot 0.
    entries: AtomicU32,
    /// The frame in the swap cache, 0 for none. Of a free slot: 1 + the next free one.
    frame: AtomicU32,
    /// The scheme's word.
    word: AtomicU64,
    /// What the oracle has counted of `entries`.
    seen: AtomicU32,
    padding: AtomicU32,
}

/// Stands for the frame of a slot whose page was in broken memory.
const POISONED: u32 = u32::MAX;

/// The device.
#[derive(Debug)]
pub(crate) struct SwapDevice<'m> {
    lock: SpinLock,
    slots: &'m [SlotInfo],
    /// The frame behind slot 0.
    first: Frame,
    /// 1 + the first free slot, 0 for none.
    free: AtomicU32,
    free_slots: AtomicU32,
}

impl<'m> SwapDevice<'m> {
    /// Frames that a device of `slots` slots takes.
    pub const fn frames(slots: u32) -> u32 {
        slots + (slots as usize * size_of::<SlotInfo>()).div_ceil(FRAME_BYTES) as u32
    }

    /// A device of `slots` slots at the end of `arena`, in frames that nobody else uses.
    pub fn new(arena: &'m Arena, slots: u32) -> Self {
        let table = arena.frames() - Self::frames(slots);
        let infos = arena.objects::<SlotInfo>(table as usize * FRAME_BYTES, slots as usize);
        for (slot, info) in (0..).zip(infos) {
            let next: u32 = if slot + 1 == slots { 0 } else { slot + 2 };
            info.entries.store(0, Relaxed);
            info.frame.store(next, Relaxed);
            info.word.store(0, Relaxed);
            info.seen.store(0, Relaxed);
        }
        Self {
            lock: SpinLock::default(),
            slots: infos,
            first: Frame(arena.frames() - slots),
            free: AtomicU32::new(u32::from(slots > 0)),
            free_slots: AtomicU32::new(slots),
        }
    }

    fn info(&self, slot: SwapSlot) -> &'m SlotInfo {
        &self.slots[slot.0 as usize]
    }

    /// The frame of the device that holds a slot's contents.
    pub fn data(&self, slot: SwapSlot) -> Frame {
        Frame(self.first.0 + slot.0)
    }

    /// The scheme's word of a slot.
    pub fn word(&self, slot: SwapSlot) -> &'m AtomicU64 {
        &self.info(slot).word
    }

    /// The oracle's count of a slot's entries.
    pub fn seen(&self, slot: SwapSlot) -> &'m AtomicU32 {
        &self.info(slot).seen
    }

    /// How many slots there are.
    pub fn count(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Slots that nobody names.
    pub fn free_slots(&self) -> u32 {
        self.free_slots.load(Relaxed)
    }

    /// How many name a slot.
    pub fn entries(&self, slot: SwapSlot) -> u32 {
        self.info(slot).entries.load(Relaxed)
    }

    /// One more swap entry names a slot.
    pub fn add_entry(&self, slot: SwapSlot) {
        self.info(slot).entries.fetch_add(1, Relaxed);
    }

    /// The frame that holds the same page in memory.
    pub fn cached(&self, slot: SwapSlot) -> Option<Frame> {
        match self.info(slot).frame.load(Relaxed) {
            0 | POISONED => None,
            frame => Some(Frame(frame)),
        }
    }

    /// Whether the page was in broken memory.
    pub fn is_poisoned(&self, slot: SwapSlot) -> bool {
        self.info(slot).frame.load(Relaxed) == POISONED
    }

    /// Notes which frame holds the same page in memory.
    pub fn set_cached(&self, slot: SwapSlot, frame: Option<Frame>) {
        self.info(slot).frame.store(frame.map_or(0, |frame| frame.0), Relaxed);
    }

    /// Notes that the page was in broken memory.
    pub fn poison(&self, slot: SwapSlot) {
        self.info(slot).frame.store(POISONED, Relaxed);
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Takes a free slot, which `entries` are about to name.
    ///
    /// # Errors
    /// [`Refused::NoSwap`]
    #[track_caller]
    pub(crate) fn allocate_slot(&self) -> Result<SwapSlot, Refused> {
        if !self.machine.may_allocate(core::panic::Location::caller()) {
            return Err(Refused::NoSwap);
        }
        let device = &self.swap;
        let _guard = device.lock.lock(&self.counters().lock_waits);
        let slot = device.free.load(Relaxed).checked_sub(1).map(SwapSlot).ok_or(Refused::NoSwap)?;
        let info = device.info(slot);
        device.free.store(info.frame.swap(0, Relaxed), Relaxed);
        device.free_slots.fetch_sub(1, Relaxed);
        Ok(slot)
    }

    /// Gives a slot back, whoever names it.
    pub(crate) fn free_slot(&self, slot: SwapSlot) {
        self.scheme.slot_freed(self, slot);
        let device = &self.swap;
        let _guard = device.lock.lock(&self.counters().lock_waits);
        let info = device.info(slot);
        info.entries.store(0, Relaxed);
        info.word.store(0, Relaxed);
        info.frame.store(device.free.swap(slot.0 + 1, Relaxed), Relaxed);
        device.free_slots.fetch_add(1, Relaxed);
    }

    /// A swap entry is gone. With the last, the slot is given back and the page leaves the swap cache.
    pub(crate) fn drop_entry(&self, slot: SwapSlot) {
        if self.swap.info(slot).entries.fetch_sub(1, Relaxed) > 1 {
            return;
        }
        let cached = self.swap.cached(slot);
        if let Some(frame) = cached {
            self.leave_swap_cache(frame);
        }
        self.free_slot(slot);
        if let Some(frame) = cached {
            self.free_if_unused(frame);
        }
    }

    /// Ties `frame` and `slot` together.
    pub(crate) fn enter_swap_cache(&self, frame: Frame, slot: SwapSlot) {
        self.frames.info(frame).set_slot(Some(slot));
        self.swap.set_cached(slot, Some(frame));
    }

    /// The frame goes its own way; the slot is the caller's to deal with.
    pub(crate) fn leave_swap_cache(&self, frame: Frame) {
        let info = self.frames.info(frame);
        if let Some(slot) = info.slot() {
            self.swap.set_cached(slot, None);
        }
        info.set_slot(None);
        info.unmark(FrameMark::Stored);
    }

    /// Writes a page of the swap cache that nobody maps to the device and frees its frame.
    pub(crate) fn write_out(&self, frame: Frame) {
        let info = self.frames.info(frame);
        let slot = info.slot().expect("a page of the swap cache has a slot");
        if !info.is_marked(FrameMark::Stored) {
            self.machine.copy_frame(frame, self.swap.data(slot));
        }
        self.scheme.swapped_out(self, frame, slot);
        self.leave_swap_cache(frame);
        self.frames.free(frame, self.counters());
    }

    /// The frame that holds the page of `slot`, read from the device if it is not in memory.
    ///
    /// # Errors
    /// No frame for it.
    pub(crate) fn read_in(&self, slot: SwapSlot) -> Result<Frame, rmap::OutOfMemory> {
        if let Some(frame) = self.swap.cached(slot) {
            return Ok(frame);
        }
        let frame = self.allocate_frame(FrameKind::Anonymous)?;
        self.machine.copy_frame(self.swap.data(slot), frame);
        self.enter_swap_cache(frame, slot);
        self.frames.info(frame).mark(FrameMark::Stored);
        self.scheme.brought_back(self, frame, slot);
        Ok(frame)
    }
}
