//! A whole plan of random events, as records.

use core::num::NonZeroU32;
use core::ops::ControlFlow;

use rmap::SchemeId;
use vm::Machine;
use wire::Record;

use super::{Engine, Explored, Script, Text, Trouble, Watch, explore};
use crate::{Resolved, Sink};

/// What stands for the workload in a cell of random events.
pub const VERIFY: &str = "verify";

/// How often a cell says how far it is; the log has room for many cells of that.
const REPORTS: u64 = 1000;

/// Events of one world.
pub const LIFE: u64 = 2000;

/// What a plan asks for.
#[derive(Clone, Copy, Debug)]
pub struct Orders {
    /// Events in total.
    pub events: u64,
    /// After how many everything is checked.
    pub check_every: NonZeroU32,
}

/// Has every scheme of a plan live through its share of `orders.events` random events on `machine`,
/// one cell each, and tells `sink`. `anomaly` is asked after each event what the machine saw.
///
/// A share is lived through in worlds of [`LIFE`] events, the first with the plan's seed, the next
/// with the following number, and so on: short lives differ more than a long one, and what goes wrong
/// is near the start of a world of its own.
///
/// # Errors
/// The first error of `sink`.
pub fn verify<E: Engine, S: Sink>(
    resolved: &Resolved<'_>,
    orders: Orders,
    engine: &mut E,
    machine: &impl Machine,
    anomaly: &mut dyn FnMut() -> Option<Text>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let schemes = resolved.schemes();
    for (cell, &scheme) in (0..).zip(schemes) {
        announce(cell, scheme, sink)?;
        let events = share(orders.events, schemes.len() as u64, cell.into());
        let mut reporter = Reporter {
            cell,
            before: Explored::default(),
            every: (events / REPORTS).max(1),
            anomaly: &mut *anomaly,
            sink: &mut *sink,
            told: Ok(()),
        };
        let mut ended = None;
        for script in lives(resolved.seed, events) {
            let explored =
                explore(scheme, engine, machine, script, orders.check_every, &mut reporter);
            reporter.add(&explored);
            if reporter.told.is_err() || explored.trouble.is_some() {
                ended = Some((script, explored));
                break;
            }
        }
        let Reporter { before, told, .. } = reporter;
        told?;
        sink.record(&Record::Verified { cell, events: before.events, checks: before.checks })?;
        conclude(cell, ended, sink)?;
        sink.cell_ended();
    }
    sink.record(&Record::RunFinished)
}

/// One world after another, `events` events in total.
fn lives(seed: u64, events: u64) -> impl Iterator<Item = Script<'static>> {
    (0..events.div_ceil(LIFE)).map(move |life| Script::Random {
        seed: seed.wrapping_add(life),
        events: LIFE.min(events - life * LIFE),
    })
}

/// What scheme `number` of `schemes` gets of `events`; the first ones take what does not divide.
fn share(events: u64, schemes: u64, number: u64) -> u64 {
    events / schemes + u64::from(number < events % schemes)
}

fn announce<S: Sink>(cell: u32, scheme: SchemeId, sink: &mut S) -> Result<(), S::Error> {
    let scheme = scheme.name();
    sink.record(&Record::CellStarted { cell, round: 0, scheme, workload: VERIFY })?;
    sink.cell_begins(cell);
    Ok(())
}

/// Ends a cell, with what went wrong if anything did.
fn conclude<S: Sink>(
    cell: u32,
    ended: Option<(Script<'_>, Explored)>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let Some((script, explored)) = ended else {
        return sink.record(&Record::CellFinished { cell, failure: None });
    };
    let what = explored.trouble.as_ref().map(|trouble| match trouble {
        Trouble::Mismatch(what) | Trouble::Refused(what) => what.as_str(),
    });
    if let Some(what) = what {
        let (seed, event) = (script.seed(), explored.culprit(script));
        sink.record(&Record::Mismatch { cell, seed, event, what })?;
    }
    sink.record(&Record::CellFinished { cell, failure: what })
}

/// Says from time to time how far a cell is.
struct Reporter<'a, S: Sink> {
    cell: u32,
    /// The worlds that are over.
    before: Explored,
    every: u64,
    anomaly: &'a mut dyn FnMut() -> Option<Text>,
    sink: &'a mut S,
    told: Result<(), S::Error>,
}

impl<S: Sink> Reporter<'_, S> {
    /// Adds a world that is over.
    fn add(&mut self, world: &Explored) {
        self.before.events += world.events;
        self.before.checks += world.checks;
    }
}

impl<S: Sink> Watch for Reporter<'_, S> {
    fn anomaly(&mut self) -> Option<Text> {
        (self.anomaly)()
    }

    fn progressed(&mut self, so_far: &Explored) -> ControlFlow<()> {
        let events = self.before.events + so_far.events;
        let checks = self.before.checks + so_far.checks;
        if !events.is_multiple_of(self.every) {
            return ControlFlow::Continue(());
        }
        self.told = self.sink.record(&Record::Verified { cell: self.cell, events, checks });
        if self.told.is_err() {
            return ControlFlow::Break(());
        }
        self.sink.pause();
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::{LIFE, Script, lives, share};

    #[test]
    fn shares_are_even_and_none_is_lost() {
        let shares = [0, 1, 2].map(|number| share(11, 3, number));
        assert_eq!(shares, [4, 4, 3]);
    }

    #[test]
    fn lives_add_up_and_each_has_a_seed_of_its_own() {
        let of = |script| match script {
            Script::Random { seed, events } => (seed, events),
            Script::List { .. } | Script::Rest { .. } => panic!("nothing is listed"),
        };
        let lives: Vec<_> = lives(u64::MAX, 2 * LIFE + 1).map(of).collect();
        assert_eq!(lives, [(u64::MAX, LIFE), (0, LIFE), (1, 1)]);
    }
}
