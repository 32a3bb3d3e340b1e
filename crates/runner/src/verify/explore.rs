//! One world of one scheme lives through its events.

use core::num::NonZeroU32;
use core::ops::ControlFlow;

use rmap::{Scheme, SchemeId, SchemeVisitor};
use vm::Machine;
use workload::Event;

use super::{Engine, Text, Trouble, World};

/// Which events happen.
#[derive(Clone, Copy, Debug)]
pub enum Script<'e> {
    /// As many as that, invented on the way.
    Random {
        /// Decides which.
        seed: u64,
        /// How many.
        events: u64,
    },
    /// These.
    List {
        /// Decides what else a world has to have, such as how much swap.
        seed: u64,
        /// What happens.
        events: &'e [Event],
    },
    /// What is left of a list: events that make no sense any more are passed over.
    Rest {
        /// As of a list.
        seed: u64,
        /// What happens if it can.
        events: &'e [Event],
    },
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Events that happened and did what they should.
    pub events: u64,
    /// Times that everything was checked.
    pub checks: u64,
    /// What ended it early.
    pub trouble: Option<Trouble>,
}

impl Explored {
    /// The number of the event that made trouble, from 1. Trouble that shows only as the world is
    /// taken apart counts for the last event.
    pub fn culprit(&self, script: Script<'_>) -> u64 {
        (self.events + 1).min(script.events()).max(1)
    }
}

impl Script<'_> {
    fn events(self) -> u64 {
        match self {
            Self::Random { events, .. } => events,
            Self::List { events, .. } | Self::Rest { events, .. } => events.len() as u64,
        }
    }

    pub(super) const fn seed(self) -> u64 {
        match self {
            Self::Random { seed, .. } | Self::List { seed, .. } | Self::Rest { seed, .. } => seed,
        }
    }

    fn event(self, number: u64, world: &mut dyn World) -> Event {
        match self {
            Self::Random { .. } => world.invent(),
            Self::List { events, .. } | Self::Rest { events, .. } => events[number as usize],
        }
    }

    /// Whether an event that makes no sense is an error of whoever wrote it.
    const fn is_written(self) -> bool {
        matches!(self, Self::List { .. })
    }
}

/// Someone who watches.
pub trait Watch {
    /// `event` is about to happen.
    fn begins(&mut self, _event: Event) {}

    /// What the machine saw during the last event that must never be, such as the use of a
    /// translation that should have been flushed.
    fn anomaly(&mut self) -> Option<Text> {
        None
    }

    /// An event did what it should. `Break` ends it here, without trouble.
    fn progressed(&mut self, _so_far: &Explored) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Has a world of `scheme` on `machine` live through `script`, with everything checked after every
/// `check_every` events and after the last.
pub fn explore<E: Engine>(
    scheme: SchemeId,
    engine: &mut E,
    machine: &impl Machine,
    script: Script<'_>,
    check_every: NonZeroU32,
    watch: &mut dyn Watch,
) -> Explored {
    scheme.visit(Exploration { engine, machine, script, check_every, watch })
}

struct Exploration<'a, E, M> {
    engine: &'a mut E,
    machine: &'a M,
    script: Script<'a>,
    check_every: NonZeroU32,
    watch: &'a mut dyn Watch,
}

impl<E: Engine, M: Machine> SchemeVisitor for Exploration<'_, E, M> {
    type Output = Explored;

    fn visit<S: Scheme>(self) -> Explored {
        let Self { engine, machine, script, check_every, watch } = self;
        let mut explored = Explored::default();
        let lived = engine.open::<S, M>(machine, script.seed(), |world| {
            live(world, script, check_every, watch, &mut explored)
        });
        // What shows after the last event belongs to it.
        let late = || watch.anomaly().map(Trouble::Mismatch);
        explored.trouble = lived.err().or_else(late);
        explored
    }
}

fn live(
    world: &mut dyn World,
    script: Script<'_>,
    check_every: NonZeroU32,
    watch: &mut dyn Watch,
    explored: &mut Explored,
) -> Result<(), Trouble> {
    while explored.events < script.events() {
        let event = script.event(explored.events, world);
        watch.begins(event);
        match world.apply(event) {
            Err(Trouble::Refused(_)) if !script.is_written() => {}
            applied => applied?,
        }
        if let Some(anomaly) = watch.anomaly() {
            return Err(Trouble::Mismatch(anomaly));
        }
        let number = explored.events + 1;
        if number.is_multiple_of(check_every.get().into()) {
            world.check()?;
            explored.checks += 1;
        }
        explored.events = number;
        if watch.progressed(explored).is_break() {
            break;
        }
    }
    world.check()?;
    explored.checks += 1;
    Ok(())
}
