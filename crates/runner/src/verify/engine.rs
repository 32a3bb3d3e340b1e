//! What an engine of random events has to offer.

use rmap::Scheme;
use vm::Machine;
use workload::Event;

use super::Text;

/// Why a world cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The VM or the scheme did not do what it should.
    Mismatch(Text),
    /// The event makes no sense where the world is; nothing happened.
    Refused(Text),
}

/// A VM together with all that is known of how it should be.
pub trait World {
    /// The next random event, decided by the seed and all that happened so far. Applies nothing.
    fn invent(&mut self) -> Event;

    /// Makes `event` happen and compares what comes of it.
    ///
    /// # Errors
    /// The event, or what came of it.
    fn apply(&mut self, event: Event) -> Result<(), Trouble>;

    /// Compares everything by brute force.
    ///
    /// # Errors
    /// What is wrong.
    fn check(&mut self) -> Result<(), Trouble>;
}

/// Makes worlds.
pub trait Engine {
    /// Frames that a world's arena has; decides what happens, so it is the same on every machine.
    const ARENA_FRAMES: u32;

    /// Lays out a world of scheme `S` on `machine`, decided by `seed`, has `live` use it with the machine's faults led
    /// there, and takes it apart.
    ///
    /// # Errors
    /// What `live` says, or what is wrong after everything is taken apart.
    fn open<S: Scheme, M: Machine>(
        &mut self,
        machine: &M,
        seed: u64,
        live: impl FnOnce(&mut dyn World) -> Result<(), Trouble>,
    ) -> Result<(), Trouble>;
}
