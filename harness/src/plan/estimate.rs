//! What a plan will take, said before it starts.

use std::fmt;

use runner::Resolved;
use wire::Plan;

use crate::modelled;

/// What is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    name: String,
    cells: usize,
    rounds: u16,
    /// Memory that a machine should have for it.
    pub memory_mib: u64,
}

impl Estimate {
    /// For a machine that boots.
    #[must_use]
    pub fn booted(plan: &Plan) -> Option<Self> {
        Self::of(plan, |resolved| resolved.machine_bytes().div_ceil(1 << 20))
    }

    /// For the modelled machine.
    #[must_use]
    pub fn modelled(plan: &Plan) -> Option<Self> {
        Self::of(plan, modelled::needed_mib)
    }

    fn of(plan: &Plan, memory_mib: impl Fn(&Resolved) -> u64) -> Option<Self> {
        let resolved = runner::resolve(plan).ok()?;
        Some(Self {
            name: plan.name.to_string(),
            cells: resolved.cell_count(),
            rounds: plan.rounds,
            memory_mib: memory_mib(&resolved),
        })
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, cells, rounds, memory_mib } = self;
        let (s, of_rounds) = (plural(*cells), plural(usize::from(*rounds)));
        write!(
            f,
            "plan {name}: {cells} cell{s} in {rounds} round{of_rounds}, needs about {memory_mib} MiB"
        )
    }
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use wire::HostPresence;

    use super::Estimate;

    #[test]
    fn a_plan_says_how_many_cells_it_has_and_how_much_memory_it_needs() {
        let plan = runner::quick(HostPresence::Certain);
        let estimate = Estimate::booted(&plan).expect("all names are known");
        assert!((20..512).contains(&estimate.memory_mib), "{estimate}");
        assert!(estimate.to_string().starts_with("plan quick: "), "{estimate}");
        assert!(estimate.to_string().contains("in 3 rounds, needs about "), "{estimate}");
    }
}
