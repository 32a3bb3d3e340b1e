//! Cells that the plan names and no result has, with the command that makes them.

use std::collections::BTreeMap;

use super::PLAN;
use crate::document::evidence::{Cell, Evidence, Measured};
use crate::plan::Work;

/// A sentence for each scheme and workload of which cells are missing.
pub(super) fn lines(workloads: &[&str], planned: &[Work], evidence: &Evidence) -> Vec<String> {
    let is_meant = |work: &&Work| workloads.contains(&work.workload.name());
    let works: Vec<&Work> = planned.iter().filter(is_meant).collect();
    let has_any = |measured: &&Measured| {
        measured.cells.iter().any(|cell| workloads.contains(&cell.workload.as_str()))
    };
    let mut lines: Vec<String> = workloads
        .iter()
        .filter(|name| !works.iter().any(|work| work.workload.name() == **name))
        .map(|name| format!("Missing: plan {PLAN} has no cell of `{name}`."))
        .collect();
    let results: Vec<&Measured> = evidence.results.iter().filter(has_any).collect();
    for measured in &results {
        lines.extend(of(&works, &measured.cells, Some(&measured.class)));
    }
    if results.is_empty() {
        lines.extend(of(&works, &[], None));
    }
    lines
}

fn of(works: &[&Work], cells: &[Cell], class: Option<&str>) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for work in works {
        for scheme in &work.schemes {
            if !cells.iter().any(|cell| is(cell, work, scheme.name())) {
                *counts.entry((work.workload.name(), scheme.name())).or_default() += 1;
            }
        }
    }
    let class = class.map_or(String::new(), |class| format!(" in class {class}"));
    let line = |((workload, scheme), count): (&(&str, &str), &u64)| {
        let cells = if *count == 1 { "cell" } else { "cells" };
        format!(
            "Missing{class}: {count} {cells} of `{workload}` under `{scheme}`; \
             `cargo rmapbench run --plan {PLAN} --schemes {scheme} --workloads {workload}` makes it."
        )
    };
    counts.iter().map(line).collect()
}

fn is(cell: &Cell, work: &Work, scheme: &str) -> bool {
    cell.scheme == scheme
        && cell.workload == work.workload.name()
        && work.parameters.iter().all(|(name, value)| cell.param(name) == Some(value))
}
