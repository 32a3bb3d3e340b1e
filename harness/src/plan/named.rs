//! The named plans.

use wire::{HostPresence, Plan};

/// A plan by its name.
#[derive(Debug)]
pub struct NamedPlan {
    /// As on the command line.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Makes it, for a guest that waits for its host in that way.
    pub make: fn(HostPresence) -> Plan,
}

/// The plan that runs unless another is named.
pub const DEFAULT: &str = "quick";

/// All of them.
pub const PLANS: [NamedPlan; 1] = [NamedPlan {
    name: "quick",
    summary: "every scheme and workload at default size, in seconds; what a guest runs by itself",
    make: runner::quick,
}];
