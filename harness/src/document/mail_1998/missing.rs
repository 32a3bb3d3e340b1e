//! Cells that the plan names and no result has. The whole plan makes them: a part of it runs in a smaller
//! arena, which can change which frames are handed out.

use std::collections::BTreeSet;

use super::PLAN;
use crate::document::evidence::{Cell, Evidence, Measured};
use crate::plan::Work;

/// A sentence for each workload of which cells are missing.
pub(super) fn lines(workloads: &[&str], planned: &[Work], evidence: &Evidence) -> Vec<String> {
    let has_any = |measured: &&Measured| {
        measured.cells.iter().any(|cell| workloads.contains(&cell.workload.as_str()))
    };
    let results: Vec<&Measured> = evidence.shown().filter(has_any).collect();
    let mut lines = Vec::new();
    for workload in workloads {
        let works: Vec<&Work> =
            planned.iter().filter(|work| work.workload.name() == *workload).collect();
        if works.is_empty() {
            lines.push(format!("Missing: plan {PLAN} has no cell of `{workload}`."));
        }
        for measured in &results {
            let class = format!(" in class {}", measured.class);
            lines.extend(line(workload, &works, &measured.cells, &class));
        }
        if results.is_empty() {
            lines.extend(line(workload, &works, &[], ""));
        }
    }
    lines
}

fn line(workload: &str, works: &[&Work], cells: &[Cell], class: &str) -> Option<String> {
    let mut count = 0;
    let mut schemes = BTreeSet::new();
    for work in works {
        for scheme in &work.schemes {
            if !cells.iter().any(|cell| is(cell, work, scheme.name())) {
                count += 1;
                schemes.insert(*scheme);
            }
        }
    }
    let schemes: Vec<String> =
        schemes.into_iter().map(|scheme| format!("`{}`", scheme.name())).collect();
    let cells = if count == 1 { "cell" } else { "cells" };
    (count > 0).then(|| {
        format!(
            "Missing{class}: {count} {cells} of `{workload}`, under {}; \
             `cargo rmapbench run --plan {PLAN}` makes what is missing.",
            schemes.join(", ")
        )
    })
}

fn is(cell: &Cell, work: &Work, scheme: &str) -> bool {
    cell.scheme == scheme
        && cell.workload == work.workload.name()
        && work.parameters.iter().all(|(name, value)| cell.param(name) == Some(value))
}
