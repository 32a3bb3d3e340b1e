//! Compaction on behalf of a device that keeps what it gets.

use rmap::Scheme;
use vm::{Machine, Refused};

use super::Executor;
use crate::{Op, Outcome};

impl<S: Scheme, M: Machine> Executor<'_, '_, '_, S, M> {
    /// A device wants one more block of 2^`order` frames. It takes every block that is free already
    /// first, as long as it finds any; then, and only this is timed, one is made for it. It gives back
    /// nothing before the cell ends, so every success is a block that was not there before.
    pub(super) fn compact_block(&mut self, order: u32) {
        let free = self.vm.hand_out_blocks(order);
        let policy = self.policy;
        let compacted = self.timed(Op::CompactBlock, |vm| vm.compact_block(order, policy));
        self.recorder.add_work(Op::CompactBlock, compacted.moved.into());
        let [mut assembled, mut refused, mut impossible] = [0; 3];
        match compacted.outcome {
            Ok(_) => {
                assembled = 1;
                self.vm.hand_out_blocks(order);
            }
            Err(Refused::NoBlock | Refused::OutOfMemory) => impossible = 1,
            Err(_) => refused = 1,
        }
        self.recorder.count(Outcome::BlocksFree, free);
        self.recorder.count(Outcome::BlocksAssembled, assembled);
        self.recorder.count(Outcome::BlocksRefused, refused);
        self.recorder.count(Outcome::BlocksImpossible, impossible);
    }
}
