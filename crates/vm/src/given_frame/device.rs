//! Blocks of frames that a device holds, such as the buffers of a network card.

use rmap::Scheme;

use crate::machine::Machine;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Hands every free block of 2^`order` frames to a device, which keeps them until
    /// [`Self::tear_down`]. Returns how many. Whatever is free afterwards is in smaller pieces.
    pub fn hand_out_blocks(&self, order: u32) -> u64 {
        let blocks = core::iter::repeat_with(|| self.frames.allocate_block(order, self.counters()));
        blocks.take_while(Result::is_ok).count() as u64
    }
}
