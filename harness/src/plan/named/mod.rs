//! The plans that have a name: one file each, in the tool.

use super::draft::Draft;
use super::file::read;

/// A plan by its name.
#[derive(Debug)]
pub struct NamedPlan {
    /// As on the command line, and in the file.
    pub name: &'static str,
    content: &'static str,
}

/// The plan that runs unless another is named.
pub const DEFAULT: &str = "quick";

/// All of them.
pub const PLANS: [NamedPlan; 6] = [
    NamedPlan { name: "quick", content: include_str!("quick.toml") },
    NamedPlan { name: "standard", content: include_str!("standard.toml") },
    NamedPlan { name: "full", content: include_str!("full.toml") },
    NamedPlan { name: "history", content: include_str!("history.toml") },
    NamedPlan { name: "scaling", content: include_str!("scaling.toml") },
    NamedPlan { name: "mail-1998", content: include_str!("mail-1998.toml") },
];

impl NamedPlan {
    /// Its file.
    #[must_use]
    pub const fn content(&self) -> &'static str {
        self.content
    }

    /// The plan in its file.
    pub fn draft(&self) -> Draft {
        let file = format!("{}.toml", self.name);
        read(&file, self.content).unwrap_or_else(|error| panic!("a plan of ours is wrong: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use wire::HostPresence;

    use super::PLANS;
    use crate::plan::encode;

    #[test]
    fn every_named_plan_is_what_its_file_says_and_fits_the_wire() {
        for plan in &PLANS {
            let draft = plan.draft();
            assert_eq!(draft.name, plan.name);
            assert!(!draft.summary.is_empty() && draft.cell_count() > 0, "{}", plan.name);
            assert!(encode(&draft.plan().expect("it fits"), "").len() <= wire::MAX_PLAN);
        }
    }

    #[test]
    fn a_guest_without_a_plan_runs_what_the_file_of_quick_says() {
        let [quick, ..] = &PLANS;
        assert_eq!(quick.draft().plan(), Ok(runner::quick(HostPresence::Certain)));
    }
}
