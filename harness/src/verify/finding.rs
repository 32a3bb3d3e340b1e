//! What was found, and the fewest events that show it.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use model::Model;
use rmap::SchemeId;
use runner::verify::{Engine, Explored, Script, Text, Trouble, Watch, explore};
use workload::Event;

use super::events::{regression, shrink, trace};
use crate::interrupt;
use crate::modelled::StaleUses;

/// Events did not do what they should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Under which scheme.
    pub scheme: SchemeId,
    /// The seed of the world in which it happened.
    pub seed: u64,
    /// Which event of that world, from 1.
    pub event: u64,
    /// What is wrong, as a clause.
    pub what: String,
}

/// A finding made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimal {
    /// The fewest events that show it.
    pub events: Vec<Event>,
    /// What is wrong after them, as a clause.
    pub what: String,
    /// Them, as a trace.
    pub trace: String,
    /// Them, as a test to paste.
    pub test: String,
}

/// The fewest events of `script` under which the scheme still goes wrong on the modelled machine;
/// `None` if it does not even under all of them. After Ctrl-C, the fewest found until then.
pub fn minimal<E: Engine + Default>(
    finding: &Finding,
    script: Script<'_>,
    check_every: NonZeroU32,
) -> Option<Minimal> {
    let Finding { scheme, seed, .. } = *finding;
    let mut all = Vec::new();
    let mut what = mismatch(&attempt::<E>(scheme, script, check_every, &mut all))?;
    let mut fails = |events: &[Event]| {
        if interrupt::requested() {
            return false;
        }
        // Everything is checked after every event: the sooner it shows, the fewer are needed.
        let script = Script::Rest { seed, events };
        let explored = attempt::<E>(scheme, script, NonZeroU32::MIN, &mut Vec::new());
        let Some(now) = mismatch(&explored) else { return false };
        what = now;
        true
    };
    let events = shrink(&all, &mut fails);
    let (trace, test) = (trace(&events), regression(scheme, seed, &events, &what));
    Some(Minimal { events, what, trace, test })
}

fn mismatch(explored: &Explored) -> Option<String> {
    match &explored.trouble {
        Some(Trouble::Mismatch(what)) => Some(what.to_string()),
        Some(Trouble::Refused(_)) | None => None,
    }
}

/// Has `script` happen on a machine of its own; `happened` gets its events.
pub(super) fn attempt<E: Engine + Default>(
    scheme: SchemeId,
    script: Script<'_>,
    check_every: NonZeroU32,
    happened: &mut Vec<Event>,
) -> Explored {
    let machine = Model::new(E::ARENA_FRAMES);
    let mut witness = Witness { happened, stale: StaleUses::new(&machine) };
    explore(scheme, &mut E::default(), &machine, script, check_every, &mut witness)
}

/// Sees everything; gives up at Ctrl-C.
struct Witness<'a, 'm> {
    happened: &'a mut Vec<Event>,
    stale: StaleUses<'m>,
}

impl Watch for Witness<'_, '_> {
    fn begins(&mut self, event: Event) {
        self.happened.push(event);
    }

    fn anomaly(&mut self) -> Option<Text> {
        self.stale.take()
    }

    fn progressed(&mut self, _so_far: &Explored) -> ControlFlow<()> {
        if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
