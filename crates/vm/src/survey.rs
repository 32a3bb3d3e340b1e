//! How much the scheme knows of memory as a whole at one moment.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Coverage, Frame, Scheme};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::vm::Vm;

/// Anonymous pages that are mapped, by what the scheme claims to know of each; one of 2 MiB counts
/// once. Pages of objects are left out: their object knows them, whatever the scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Every mapping could be found.
    pub exact: u32,
    /// Some could.
    pub partial: u32,
    /// None could.
    pub unknown: u32,
}

impl Survey {
    const fn add(&mut self, coverage: Coverage) {
        match coverage {
            Coverage::Exact => self.exact += 1,
            Coverage::Partial => self.partial += 1,
            Coverage::Unknown => self.unknown += 1,
        }
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Asks the scheme about every anonymous page that is mapped. Nothing changes by it, not even a
    /// counter.
    ///
    /// A scheme that can tell without a search is taken at its word, to which the oracle holds it: under
    /// `scan` each search would be a walk of all tables.
    pub fn survey(&self) -> Survey {
        let mut survey = Survey::default();
        for frame in (0..self.frames.count()).map(Frame) {
            if self.is_mapped_anonymous(frame) {
                survey.add(self.scheme.coverage(self, frame));
            }
        }
        survey
    }

    fn is_mapped_anonymous(&self, frame: Frame) -> bool {
        self.frames.is(frame, FrameKind::Anonymous)
            && self.frames.info(frame).mapcount().load(Relaxed) > 0
    }
}
