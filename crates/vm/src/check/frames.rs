//! One page: its counts, its caches, and what the scheme says of it.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Coverage, Frame, FrameFacts, PageKind, Scheme, Sharing, Store, Visit};

use super::Inconsistency;
use super::patience::Patience;
use super::tally::{Tally, fingerprint};
use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::object::Contents;
use crate::outcome::WhenIncomplete;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    pub(super) fn check_page(
        &self,
        frame: Frame,
        patience: &mut Patience,
    ) -> Result<(), Inconsistency> {
        let tally = self.take_tally(frame);
        let counted = self.mapcount(frame);
        if counted != tally.entries {
            return Err(Inconsistency::Mapcount { frame, counted, present: tally.entries });
        }
        self.check_caches(frame).map_err(|what| Inconsistency::Page { frame, what })?;
        if self.is_for_scheme(frame) && tally.entries > 0 {
            self.scheme.check(self, frame).map_err(Inconsistency::Scheme)?;
        }
        if patience.is_left() {
            patience.spend(self.check_answer(frame, tally)?);
        }
        Ok(())
    }

    fn check_caches(&self, frame: Frame) -> Result<(), &'static str> {
        let info = self.frames.info(frame);
        let pinned = info.pins().load(Relaxed) > 0;
        let mapped = info.mapcount().load(Relaxed) > 0;
        if self.frames.is(frame, FrameKind::Anonymous) {
            return match info.slot() {
                Some(slot) if self.swap.cached(slot) != Some(frame) => {
                    Err("has a swap slot that names another frame")
                }
                None if !mapped && !pinned => Err("is an anonymous page that nobody can reach"),
                _ => Ok(()),
            };
        }
        match self.object_page(frame) {
            Some((id, number)) => {
                let object = self.object(id);
                if self.contents(object, number) != Contents::Cached(frame) {
                    return Err("is not what its object has for that page");
                }
                if number >= object.pages() {
                    return Err("lies past the end of its object");
                }
                Ok(())
            }
            None if mapped => Err("is mapped although it was cut off its object"),
            None if !pinned => Err("was cut off its object and is still there"),
            None => Ok(()),
        }
    }

    /// Returns the probes that the search took.
    fn check_answer(&self, frame: Frame, tally: Tally) -> Result<u64, Inconsistency> {
        let (mut produced, mut fingerprints, mut sound) = (0, 0_u32, true);
        let search = self.search(frame, WhenIncomplete::Refuse, &mut |position| {
            produced += 1;
            fingerprints = fingerprints.wrapping_add(fingerprint(position));
            sound &= self.mapped_frame(position) == Some(frame);
            Visit::Keep
        });
        if !sound {
            return Err(Inconsistency::Unsound(frame));
        }
        let exact = (produced, fingerprints) == (tally.entries, tally.fingerprints);
        let wrong = match search.coverage {
            Coverage::Exact => !exact,
            Coverage::Partial => produced > tally.entries,
            Coverage::Unknown => produced > 0,
        };
        if wrong {
            return Err(Inconsistency::NotExact(frame));
        }
        if tally.entries > 0 && !self.may_answer(frame, search.coverage, tally) {
            return Err(Inconsistency::Coverage { frame, claimed: search.coverage });
        }
        Ok(search.probes)
    }

    fn may_answer(&self, frame: Frame, answer: Coverage, tally: Tally) -> bool {
        if !self.is_for_scheme(frame) {
            return answer == Coverage::Exact;
        }
        let anonymous = self.frames.is(frame, FrameKind::Anonymous);
        let facts = FrameFacts {
            page: if anonymous { PageKind::Anonymous } else { PageKind::Object },
            mapcount: tally.entries,
            history: if tally.exclusive { Sharing::Exclusive } else { Sharing::Shared },
        };
        S::may_answer(answer, &facts)
    }
}
