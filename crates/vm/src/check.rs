//! The oracle: a walk of all tables by brute force, compared with what everybody else believes.

use core::fmt;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Coverage, Frame, PtePosition, Scheme, Store, Violation, Visit};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::vm::Vm;

/// Something that must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inconsistency {
    /// A PTE maps a frame that is not in use as a page.
    MapsNoPage(PtePosition),
    /// The mapcount differs from the number of PTEs.
    Mapcount {
        /// The frame.
        frame: Frame,
        /// What its mapcount says.
        counted: u32,
        /// PTEs that map it.
        present: u32,
    },
    /// A shared page is writable somewhere.
    SharedButWritable(PtePosition),
    /// The scheme claimed exactness and produced something else.
    NotExact(Frame),
    /// The scheme produced a PTE that does not map the frame.
    Unsound(Frame),
    /// The scheme's own words are wrong.
    Scheme(Violation),
    /// After teardown these many frames were missing.
    Lost(u32),
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MapsNoPage(position) => write!(f, "{position} maps a frame that is no page"),
            Self::Mapcount { frame, counted, present } => {
                write!(f, "{frame} has mapcount {counted} but {present} PTEs")
            }
            Self::SharedButWritable(position) => write!(f, "{position} can write to a shared page"),
            Self::NotExact(frame) => write!(f, "the scheme's exact answer for {frame} is wrong"),
            Self::Unsound(frame) => write!(f, "the scheme names a PTE that does not map {frame}"),
            Self::Scheme(violation) => write!(f, "{}: {}", violation.frame, violation.what),
            Self::Lost(frames) => write!(f, "{frames} frames were not given back"),
        }
    }
}

/// Mixes a position into 32 bits, so that two sets of positions can be compared by their sums.
fn fingerprint(position: PtePosition) -> u32 {
    let mixed = position.to_word().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Compares mapcounts, rights and the scheme's answers with the tables. Linear in frames and
    /// PTEs for a scheme with a reverse map, quadratic without one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Inconsistency> {
        self.tally()?;
        for frame in (0..self.frames.count()).map(Frame) {
            if self.frames.is(frame, FrameKind::Anonymous) {
                self.check_frame(frame)?;
            }
        }
        Ok(())
    }

    /// Ends every address space and makes sure that not one frame is missing.
    ///
    /// # Errors
    /// [`Inconsistency::Lost`]
    pub fn tear_down(&self) -> Result<(), Inconsistency> {
        while let Some(space) = self.spaces().next() {
            self.exit(space);
        }
        let reserved = self.frames.count_of(FrameKind::Reserved);
        match self.frames.count() - reserved - self.frames.free_frames() {
            0 => Ok(()),
            lost => Err(Inconsistency::Lost(lost)),
        }
    }

    /// Counts, in the list links of every page, which pages do not use, the PTEs that map it and the
    /// sum of their fingerprints.
    fn tally(&self) -> Result<(), Inconsistency> {
        for frame in (0..self.frames.count()).map(Frame) {
            if self.frames.is(frame, FrameKind::Anonymous) {
                let (count, sum) = self.frames.info(frame).links();
                count.store(0, Relaxed);
                sum.store(0, Relaxed);
            }
        }
        for table in (0..self.frames.count()).map(Frame) {
            if self.frames.is(table, FrameKind::LeafTable) {
                self.tally_table(table)?;
            }
        }
        Ok(())
    }

    fn tally_table(&self, table: Frame) -> Result<(), Inconsistency> {
        for slot in 0..rmap::SLOTS_PER_TABLE as u16 {
            let position = PtePosition { table, slot };
            let pte = self.slot(position).read();
            if !pte.is_present() {
                continue;
            }
            let frame = self.frame_of(pte);
            if !self.frames.is(frame, FrameKind::Anonymous) {
                return Err(Inconsistency::MapsNoPage(position));
            }
            if pte.is_writable() && self.mapcount(frame) > 1 {
                return Err(Inconsistency::SharedButWritable(position));
            }
            let (count, sum) = self.frames.info(frame).links();
            count.fetch_add(1, Relaxed);
            sum.fetch_add(fingerprint(position), Relaxed);
        }
        Ok(())
    }

    fn check_frame(&self, frame: Frame) -> Result<(), Inconsistency> {
        let (count, sum) = self.frames.info(frame).links();
        let (present, expected) = (count.swap(0, Relaxed), sum.swap(0, Relaxed));
        let counted = self.mapcount(frame);
        if counted != present || present == 0 {
            return Err(Inconsistency::Mapcount { frame, counted, present });
        }
        self.scheme.check(self, frame).map_err(Inconsistency::Scheme)?;
        let (mut produced, mut produced_sum, mut sound) = (0, 0u32, true);
        let search = self.scheme.find(self, frame, &mut |position| {
            produced += 1;
            produced_sum = produced_sum.wrapping_add(fingerprint(position));
            sound &= self.mapped_frame(position) == Some(frame);
            Visit::Keep
        });
        if !sound {
            return Err(Inconsistency::Unsound(frame));
        }
        if search.coverage == Coverage::Exact && (produced, produced_sum) != (present, expected) {
            return Err(Inconsistency::NotExact(frame));
        }
        Ok(())
    }
}
