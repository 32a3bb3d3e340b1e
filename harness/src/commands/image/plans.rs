//! The plans on an image: the one that was asked for, then all that have a name, then random events.

use std::num::NonZeroU32;

use wire::{HostPresence, Plan};

use crate::error::Error;
use crate::guest::BootPlan;
use crate::plan::{Draft, NamedPlan, PLANS, Selection, Verification, encode};

/// A moment on a PC, and seconds where every instruction is counted.
const RANDOM_EVENTS: u64 = 20_000;

/// Comparing everything after each event would take most of the time.
const CHECK_EVERY: NonZeroU32 = NonZeroU32::new(16).expect("16 is not 0");

/// No two have the same name: the one that was asked for takes the place of a named one.
pub fn plans(selection: &Selection) -> Result<Vec<BootPlan>, Error> {
    let mut plans = vec![measuring(&selection.draft()?)?];
    let others = PLANS.iter().map(NamedPlan::draft).map(|draft| measuring(&draft));
    for other in others.chain([random_events()]) {
        let other = other?;
        if plans.iter().all(|known| known.name != other.name) {
            plans.push(other);
        }
    }
    Ok(plans)
}

fn measuring(draft: &Draft) -> Result<BootPlan, Error> {
    Ok(boot_plan(draft.plan()?, draft.summary.clone()))
}

fn random_events() -> Result<BootPlan, Error> {
    let verification =
        Verification { schemes: None, events: RANDOM_EVENTS, seed: 1, check_every: CHECK_EVERY };
    let summary = format!(
        "{RANDOM_EVENTS} random events under every scheme, compared with what they should do"
    );
    Ok(boot_plan(verification.resolve()?, summary))
}

/// Nobody knows whether somebody will listen to a machine that boots the image.
fn boot_plan(plan: Plan, summary: String) -> BootPlan {
    let plan = Plan { host: HostPresence::Uncertain, ..plan };
    BootPlan { name: plan.name.to_string(), summary, bytes: encode(&plan, "") }
}

#[cfg(test)]
mod tests {
    use wire::{HostPresence, Plan};

    use super::plans;
    use crate::plan::Selection;

    #[test]
    fn what_was_asked_for_comes_first_and_every_plan_is_there_once() {
        let selection = Selection {
            plan: Some("standard".to_owned()),
            rounds: Some(9),
            ..Selection::default()
        };
        let plans = plans(&selection).expect("it is a plan");
        let names: Vec<_> = plans.iter().map(|plan| &*plan.name).collect();
        let all = ["standard", "quick", "full", "history", "scaling", "mail-1998", "verify"];
        assert_eq!(names, all);
        let standard = Plan::decode(&plans[0].bytes).expect("it is a plan");
        assert_eq!(standard.rounds, 9);
    }

    #[test]
    fn a_machine_to_which_nobody_listens_runs_on() {
        for plan in plans(&Selection::default()).expect("they are plans") {
            let decoded = Plan::decode(&plan.bytes).expect("it is a plan");
            assert_eq!(decoded.host, HostPresence::Uncertain, "{}", plan.name);
        }
    }
}
