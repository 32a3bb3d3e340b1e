//! The named plans.

/// A plan by its name: every scheme x every workload, unless the command line narrows it down.
#[derive(Debug)]
pub struct NamedPlan {
    /// As on the command line.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// How often each cell runs.
    pub rounds: u16,
    /// Seeds the order of cells and every workload.
    pub seed: u64,
    /// Workload, parameter and value, where they differ from the workload's defaults.
    pub parameters: &'static [(&'static str, &'static str, u64)],
}

/// The plan that runs unless another is named.
pub const DEFAULT: &str = "quick";

/// All of them.
pub const PLANS: [NamedPlan; 1] = [NamedPlan {
    name: "quick",
    summary: "every scheme and workload at default size, 3 rounds; done within half a minute",
    rounds: 3,
    seed: 1,
    parameters: &[],
}];
