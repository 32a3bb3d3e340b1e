//! How much memory a trace needs. A workload knows it beforehand; of a trace it is found out by
//! replaying it where there is plenty.

use core::num::NonZeroU64;

use rmap::{Scheme, SchemeId, SchemeVisitor};
use vm::{Machine, Vm, VmConfig, WhenIncomplete};

use crate::executor::{Executor, Picks};
use crate::{Demand, Event, EventError, Op, Recorder, RecorderMemory, Scratch};

/// One page in so many of the machine goes to the swap device.
const SWAP_SHARE: u32 = 4;

/// Replays `events` under `scheme` on `machine`, which has plenty of memory, and tells how much of it was in
/// use. `scratch` has room for [`numbers`](Demand::numbers).
///
/// # Errors
/// Memory ran out all the same.
pub fn find_demand(
    scheme: SchemeId,
    when_incomplete: WhenIncomplete,
    events: impl Iterator<Item = Event>,
    machine: &impl Machine,
    scratch: Scratch<'_>,
) -> Result<Demand, EventError> {
    scheme.visit(Rehearsal { when_incomplete, events, machine, scratch })
}

struct Rehearsal<'m, 's, M, I> {
    when_incomplete: WhenIncomplete,
    events: I,
    machine: &'m M,
    scratch: Scratch<'s>,
}

impl<M: Machine, I: Iterator<Item = Event>> SchemeVisitor for Rehearsal<'_, '_, M, I> {
    type Output = Result<Demand, EventError>;

    fn visit<S: Scheme>(self) -> Result<Demand, EventError> {
        let Scratch { samples, counts, processes, objects, .. } = self.scratch;
        let numbers = [processes.len(), objects.len()].map(|numbers| numbers as u64);
        let swap_slots = self.machine.arena().frames() / SWAP_SHARE;
        let config = VmConfig { swap_slots, memory: None };
        let vm = Vm::<S, M>::new(self.machine, &config)?;
        let recorder = Recorder::new(RecorderMemory { samples, counts }, NonZeroU64::MIN);
        let picks = Picks::new(&mut []);
        let mut executor =
            Executor::new(&vm, self.when_incomplete, (processes, objects), picks, recorder);
        let free = || [vm.free_frames(), vm.free_swap_slots()];
        let (before, mut least) = (free(), free());
        self.machine.with_faults(&vm, || {
            self.events.into_iter().try_for_each(|event| {
                executor.attempt(event)?;
                least = [0, 1].map(|kind| least[kind].min(free()[kind]));
                Ok::<_, EventError>(())
            })
        })?;
        let recorder = executor.finish();
        let timed = Op::ALL.into_iter().filter_map(|op| recorder.timed(op));
        let samples = timed.map(|timed| timed.count).sum();
        let [frames, slots] = [0, 1].map(|kind| u64::from(before[kind] - least[kind]));
        Ok(Demand::found(frames, slots, samples, numbers))
    }
}
