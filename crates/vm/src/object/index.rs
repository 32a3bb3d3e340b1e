//! Where the contents of each page of an object are: a radix tree of frames of 512 words.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, OutOfMemory, SLOTS_PER_TABLE, Scheme, SwapSlot};

use super::Object;
use crate::frame_table::FrameKind;
use crate::gather::Gather;
use crate::machine::Machine;
use crate::vm::Vm;

/// Where the contents of an object's page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// It is full of zeroes.
    Zero,
    /// In memory.
    Cached(Frame),
    /// On the swap device.
    Stored(SwapSlot),
    /// Lost with broken memory.
    Poisoned,
}

impl Contents {
    const POISONED: u64 = 3;

    fn to_word(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::Cached(frame) => u64::from(frame.0) << 2 | 1,
            Self::Stored(slot) => u64::from(slot.0) << 2 | 2,
            Self::Poisoned => Self::POISONED,
        }
    }

    fn from_word(word: u64) -> Self {
        let number = (word >> 2) as u32;
        match word & 3 {
            0 => Self::Zero,
            1 => Self::Cached(Frame(number)),
            2 => Self::Stored(SwapSlot(number)),
            _ => Self::Poisoned,
        }
    }
}

/// Pages below one entry of an index frame, `height` counted from 1 at the bottom.
const fn span(height: u32) -> u64 {
    (SLOTS_PER_TABLE as u64).pow(height - 1)
}

/// Levels of an index that reaches a page.
const fn height_for(page: u64) -> u32 {
    let mut height = 1;
    while page >= span(height + 1) {
        height += 1;
    }
    height
}

impl<'m, S: Scheme, M: Machine> Vm<'m, S, M> {
    /// Where the contents of a page are. The caller holds the object's lock.
    pub(crate) fn contents(&self, object: &Object<S::ObjectState>, page: u64) -> Contents {
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top == 0 || page >= span(height + 1) {
            return Contents::Zero;
        }
        let mut index = Frame(top);
        for level in (2..=height).rev() {
            match self.index_word(index, level, page).load(Relaxed) {
                0 => return Contents::Zero,
                below => index = Frame(below as u32),
            }
        }
        Contents::from_word(self.index_word(index, 1, page).load(Relaxed))
    }

    /// Notes where the contents of a page are. The caller holds the object's lock.
    ///
    /// # Errors
    /// No frame for the index; it is as it was.
    pub(crate) fn set_contents(
        &self,
        object: &Object<S::ObjectState>,
        page: u64,
        contents: Contents,
    ) -> Result<(), OutOfMemory> {
        let mut spare = Gather::default();
        for _ in 0..self.missing_index_frames(object, page) {
            let Ok(frame) = self.new_index() else {
                self.finish(spare);
                return Err(OutOfMemory);
            };
            self.hold_back(&mut spare, frame);
        }
        let mut next = |height: u32| {
            let index = self.take_back(&mut spare).expect("the missing frames were counted");
            self.frames.info(index).overlay()[0].store(u64::from(height), Relaxed);
            u64::from(index.0)
        };
        if object.index.load(Relaxed) == 0 {
            let height = height_for(page);
            object.index.store(next(height) as u32, Relaxed);
            object.height.store(height, Relaxed);
        }
        while page >= span(object.height.load(Relaxed) + 1) {
            let height = object.height.fetch_add(1, Relaxed) + 1;
            let top = next(height) as u32;
            let below = object.index.swap(top, Relaxed);
            self.frames.words(Frame(top))[0].store(u64::from(below), Relaxed);
        }
        let mut index = Frame(object.index.load(Relaxed));
        for height in (2..=object.height.load(Relaxed)).rev() {
            let word = self.index_word(index, height, page);
            if word.load(Relaxed) == 0 {
                word.store(next(height - 1), Relaxed);
            }
            index = Frame(word.load(Relaxed) as u32);
        }
        self.index_word(index, 1, page).store(contents.to_word(), Relaxed);
        Ok(())
    }

    /// The word of an index frame that leads to a page.
    fn index_word(&self, index: Frame, height: u32, page: u64) -> &'m AtomicU64 {
        self.frames.arena().word(index, (page / span(height)) as usize % SLOTS_PER_TABLE)
    }

    /// Frames that the index lacks to say something of a page.
    fn missing_index_frames(&self, object: &Object<S::ObjectState>, page: u64) -> u32 {
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top == 0 {
            return height_for(page);
        }
        if page >= span(height + 1) {
            // New tops, and a path of its own below the highest.
            let tall = height_for(page);
            return tall - height + tall - 1;
        }
        let mut index = Frame(top);
        for level in (2..=height).rev() {
            match self.index_word(index, level, page).load(Relaxed) {
                0 => return level - 1,
                below => index = Frame(below as u32),
            }
        }
        0
    }

    fn new_index(&self) -> Result<Frame, OutOfMemory> {
        let index = self.allocate_frame(FrameKind::ObjectIndex)?;
        self.machine.zero_frame(index);
        Ok(index)
    }

    /// What a frame of the lowest level of an index says; `None` for one of another level.
    pub(crate) fn indexed_contents(
        &self,
        index: Frame,
    ) -> Option<impl Iterator<Item = Contents> + use<'m, S, M>> {
        let lowest = self.frames.info(index).overlay()[0].load(Relaxed) == 1;
        let words = self.frames.words(index);
        lowest.then(|| words.iter().map(|word| Contents::from_word(word.load(Relaxed))))
    }

    pub(super) fn drop_below(&self, index: Frame, height: u32, base: u64, first: u64) {
        for (nth, word) in (0..).zip(self.frames.words(index)) {
            let start = base + nth * span(height);
            let value = word.load(Relaxed);
            if value == 0 || start + span(height) <= first {
                continue;
            }
            if height > 1 {
                self.drop_below(Frame(value as u32), height - 1, start, first);
                continue;
            }
            word.store(0, Relaxed);
            match Contents::from_word(value) {
                Contents::Cached(frame) => self.cut_off(frame),
                Contents::Stored(slot) => self.free_slot(slot),
                Contents::Zero | Contents::Poisoned => {}
            }
        }
    }

    pub(super) fn free_index(&self, index: Frame, height: u32) {
        if height > 1 {
            for word in self.frames.words(index) {
                let below = word.load(Relaxed);
                if below != 0 {
                    self.free_index(Frame(below as u32), height - 1);
                }
            }
        }
        self.frames.free(index, self.counters());
    }
}
