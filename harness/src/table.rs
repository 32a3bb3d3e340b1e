//! The table on standard output: for each workload a row per operation, a column per scheme.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::results::{CellSummary, OpSummary, Summary};

/// The whole text.
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut text = String::new();
    for workload in workloads(summary) {
        let cells: Vec<&CellSummary> =
            summary.cells.iter().filter(|cell| cell.workload == workload).collect();
        let _ = writeln!(text, "{}\n{}\n", heading(&cells), grid(&cells));
    }
    text.push_str(&legend(summary));
    text
}

fn workloads(summary: &Summary) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for cell in &summary.cells {
        if !names.contains(&cell.workload.as_str()) {
            names.push(&cell.workload);
        }
    }
    names
}

fn heading(cells: &[&CellSummary]) -> String {
    let Some(cell) = cells.first() else { return String::new() };
    let parameters: Vec<String> =
        cell.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}  ({}, rounds={})", cell.workload, parameters.join(", "), cell.rounds)
}

/// One row: its name, and what each scheme has to say.
type Row = (String, Vec<Option<String>>);

fn grid(cells: &[&CellSummary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let schemes = cells.iter().map(|cell| cell.scheme.clone());
    table.set_header(std::iter::once("op".to_owned()).chain(schemes));
    for (name, values) in rows(cells) {
        let values = values.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned()));
        table.add_row(std::iter::once(name).chain(values));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn rows(cells: &[&CellSummary]) -> Vec<Row> {
    let mut rows = Vec::new();
    for op in ops(cells) {
        let per = cells.iter().find_map(|cell| of(cell, op)?.per.clone());
        rows.push((op.to_owned(), each(cells, |cell| of(cell, op).map(|op| op.p50.to_string()))));
        if let Some(per) = per {
            let cost = |op: &OpSummary| Some(format!("{:.1}", op.per.as_ref()?.value?));
            let work = |op: &OpSummary| {
                Some(format!("{:.1}", op.per.as_ref()?.count as f64 / op.n as f64))
            };
            rows.push((format!("  per {}", per.unit), each(cells, |cell| cost(of(cell, op)?))));
            rows.push((format!("  {}s each", per.unit), each(cells, |cell| work(of(cell, op)?))));
        }
    }
    rows.extend(count_rows(cells).into_iter().filter(|(_, values)| says_something(values)));
    rows
}

fn of<'s>(cell: &'s CellSummary, op: &str) -> Option<&'s OpSummary> {
    cell.ops.iter().find(|found| found.op == op)
}

fn ops<'s>(cells: &[&'s CellSummary]) -> Vec<&'s str> {
    let mut names: Vec<&str> = Vec::new();
    for op in cells.iter().flat_map(|cell| &cell.ops) {
        if !names.contains(&op.op.as_str()) {
            names.push(&op.op);
        }
    }
    names
}

fn count_rows(cells: &[&CellSummary]) -> Vec<Row> {
    let outcomes = |names: &[&str]| {
        each(cells, |cell| {
            let values: Option<Vec<String>> =
                names.iter().map(|name| Some((*cell.outcomes.get(*name)?)?.to_string())).collect();
            Some(values?.join(" / "))
        })
    };
    let footprint = |name: &str| {
        each(cells, |cell| cell.footprint.get(name).filter(|v| !v.is_null()).map(rounded))
    };
    vec![
        (
            "find exact / partial / unknown".to_owned(),
            outcomes(&["find_exact", "find_partial", "find_unknown"]),
        ),
        ("frames freed / refused".to_owned(), outcomes(&["freed", "refused"])),
        ("bytes per frame".to_owned(), footprint("bytes_per_frame")),
        ("bytes per mapping".to_owned(), footprint("bytes_per_mapping")),
        ("page tables, bytes".to_owned(), footprint("page_table_bytes")),
    ]
}

fn rounded(value: &serde_json::Value) -> String {
    match value.as_u64() {
        Some(whole) => whole.to_string(),
        None => value.as_f64().map_or_else(String::new, |number| format!("{number:.2}")),
    }
}

fn says_something(values: &[Option<String>]) -> bool {
    values.iter().flatten().any(|value| value.chars().any(|c| ('1'..='9').contains(&c)))
}

fn each(
    cells: &[&CellSummary],
    value: impl Fn(&CellSummary) -> Option<String>,
) -> Vec<Option<String>> {
    cells.iter().map(|cell| value(cell)).collect()
}

fn legend(summary: &Summary) -> String {
    let (Some(unit), Some(execution)) = (summary.unit, summary.execution) else {
        return "The guest did not say how it was executed.\n".to_owned();
    };
    format!(
        "Medians in {}, class {}: {}\nThe stopwatch's own cost (`empty`) is included. Touches run at \
         CPL 0: faults exclude the ring crossing.\n",
        unit.name(),
        execution.name(),
        execution.claim()
    )
}
