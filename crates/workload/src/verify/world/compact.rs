//! Compaction, of which no process sees anything.

use rmap::Scheme;
use vm::{Machine, Refused, WhenIncomplete};

use super::{Applied, What, World};

impl<S: Scheme, M: Machine> World<'_, '_, S, M> {
    pub(super) fn compact_block(&self, order: u32) -> Result<Applied, What> {
        let policy = self.settings.when_incomplete;
        let outcome = self.vm.compact_block(order, policy).outcome;
        let (justified, applied) = match outcome {
            Ok(block) => (block.0.is_multiple_of(1 << order), Applied::Done),
            Err(Refused::Incomplete) => (policy == WhenIncomplete::Refuse, Applied::Refused),
            Err(Refused::Busy | Refused::OutOfMemory | Refused::NoBlock) => {
                (true, Applied::Refused)
            }
            // Of pages that cannot move, the block had not come into question.
            Err(_) => (false, Applied::Refused),
        };
        if justified { Ok(applied) } else { Err(What::Compaction { order, outcome }) }
    }
}
