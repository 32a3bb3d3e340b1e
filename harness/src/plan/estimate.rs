//! What a plan will take, said before it starts.

use std::fmt;
use std::time::Duration;

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
    /// Seconds that it will take, where that is known.
    seconds: Option<u64>,
}

impl Estimate {
    /// For a machine that boots.
    #[must_use]
    pub fn booted(plan: &Plan, trace: &str) -> Option<Self> {
        Self::of(plan, trace, |resolved| resolved.machine_bytes().div_ceil(1 << 20))
    }

    /// For the modelled machine.
    #[must_use]
    pub fn modelled(plan: &Plan, trace: &str) -> Option<Self> {
        Self::of(plan, trace, modelled::needed_mib)
    }

    /// With the time that a plan takes whose round takes `round` on the modelled machine, on one that is
    /// `slower` times slower.
    #[must_use]
    pub fn taking(self, round: Duration, slower: u32) -> Self {
        let all = round * slower * u32::from(self.rounds);
        Self { seconds: Some(all.as_secs() + 1), ..self }
    }

    fn of(plan: &Plan, trace: &str, memory_mib: impl Fn(&Resolved<'_>) -> u64) -> Option<Self> {
        let resolved = runner::resolve(plan, trace).ok()?;
        Some(Self {
            name: plan.name.to_string(),
            cells: resolved.cell_count(),
            rounds: plan.warm_up.saturating_add(plan.rounds),
            seconds: None,
            memory_mib: memory_mib(&resolved),
        })
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, cells, rounds, memory_mib, seconds } = self;
        let (s, of_rounds) = (plural(*cells), plural(usize::from(*rounds)));
        write!(
            f,
            "plan {name}: {cells} cell{s} in {rounds} round{of_rounds}, needs about {memory_mib} MiB"
        )?;
        match seconds {
            Some(seconds) if *seconds >= 120 => write!(f, " and {} min", seconds.div_ceil(60)),
            Some(seconds) => write!(f, " and {seconds} s"),
            None => Ok(()),
        }
    }
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::HostPresence;

    use super::Estimate;

    #[test]
    fn a_plan_says_how_many_cells_it_has_and_how_much_memory_it_needs() {
        let plan = runner::quick(HostPresence::Certain);
        let estimate = Estimate::booted(&plan, "").expect("all names are known");
        assert!((20..512).contains(&estimate.memory_mib), "{estimate}");
        assert!(estimate.to_string().starts_with("plan quick: "), "{estimate}");
        assert!(estimate.to_string().contains("in 3 rounds, needs about "), "{estimate}");
        let [short, long] = [1, 30]
            .map(|second| estimate.clone().taking(Duration::from_secs(second), 10).to_string());
        assert!(short.ends_with(" and 31 s") && long.ends_with(" and 16 min"), "{short}, {long}");
    }
}
