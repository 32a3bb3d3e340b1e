//! `list`: what can be named.

use std::fmt::Write;

use super::print;
use crate::cli::Listed;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Kind, entries};

/// Carries `list` out.
pub fn list(what: Listed) -> Result<Exit, Error> {
    let kind = match what {
        Listed::Schemes => Kind::Scheme,
        Listed::Workloads => Kind::Workload,
        Listed::Plans => Kind::Plan,
        Listed::Machines => Kind::Machine,
    };
    let mut text = String::new();
    for entry in entries(kind) {
        let _ = writeln!(text, "{:<24} {}", entry.name, entry.summary);
        if kind == Kind::Workload {
            list_parameters(entry.name, &mut text);
        }
    }
    print(&text)?;
    Ok(Exit::Done)
}

fn list_parameters(workload: &str, text: &mut String) {
    let Ok(id) = workload.parse::<workload::WorkloadId>() else { return };
    for spec in id.parameters() {
        let _ = writeln!(text, "    {:<20} {} (default {})", spec.name, spec.summary, spec.default);
    }
}
