//! The table on standard output: for each workload a row per operation, a column per scheme.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use crate::results::{
    CellSummary, Comparison, Execution, GrowthSummary, OpSummary, Summary, Unit, ratio,
};
use crate::statistics::{Ratio, Verdict};

/// The whole text.
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut text = String::new();
    for cells in by_workload(summary) {
        let _ = writeln!(text, "{}\n{}\n", heading(&cells), grid(summary, &cells));
    }
    text.push_str(&growth(summary));
    text.push_str(&legend(summary));
    for warning in &summary.warnings {
        let _ = writeln!(text, "Warning: {warning}.");
    }
    text
}

/// How costs grow along sweeps, op by op, each scheme on a line of its own.
fn growth(summary: &Summary) -> String {
    let mut all: Vec<&GrowthSummary> = summary.growth.iter().collect();
    all.sort_by_key(|growth| (place(summary, &growth.workload), &growth.parameter, &growth.op));
    let mut text = String::new();
    let mut heading = None;
    for growth in all {
        let own = (&growth.workload, &growth.parameter, &growth.params);
        if heading.replace(own) != Some(own) {
            let _ =
                writeln!(text, "How costs of {} grow with {}:", growth.workload, growth.parameter);
        }
        let _ = writeln!(text, "  {:22} {}", growth.scheme, growth.text);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The cells that differ in their scheme alone, together.
fn by_workload(summary: &Summary) -> Vec<Vec<&CellSummary>> {
    let mut groups: Vec<Vec<&CellSummary>> = Vec::new();
    for cell in &summary.cells {
        let alike = |group: &&mut Vec<&CellSummary>| {
            (&group[0].workload, &group[0].params) == (&cell.workload, &cell.params)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups.sort_by_key(|group| place(summary, &group[0].workload));
    groups
}

/// Where the first cell of a workload is.
fn place(summary: &Summary, workload: &str) -> Option<usize> {
    summary.cells.iter().position(|cell| cell.workload == workload)
}

fn heading(cells: &[&CellSummary]) -> String {
    let Some(cell) = cells.first() else { return String::new() };
    let parameters: Vec<String> =
        cell.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}  ({}, rounds={})", cell.workload, parameters.join(", "), cell.rounds)
}

/// One row: its name, its unit, and what each scheme has to say.
struct Row {
    name: String,
    unit: String,
    values: Vec<Option<String>>,
}

impl Row {
    /// A row that says `value` of each cell.
    fn new(
        name: impl Into<String>,
        unit: impl Into<String>,
        cells: &[&CellSummary],
        value: impl Fn(&CellSummary) -> Option<String>,
    ) -> Self {
        let values = cells.iter().map(|cell| value(cell)).collect();
        Self { name: name.into(), unit: unit.into(), values }
    }

    fn says_something(&self) -> bool {
        let is_something = |value: &String| value.contains(|c| matches!(c, '1'..='9'));
        self.values.iter().flatten().any(is_something)
    }
}

fn grid(summary: &Summary, cells: &[&CellSummary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let schemes = cells.iter().map(|cell| cell.scheme.clone());
    table.set_header(["op", "unit"].map(str::to_owned).into_iter().chain(schemes));
    for row in rows(summary, cells) {
        let values = row.values.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned()));
        table.add_row([row.name, row.unit].into_iter().chain(values));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn rows(summary: &Summary, cells: &[&CellSummary]) -> Vec<Row> {
    let mut rows: Vec<Row> =
        ops(cells).into_iter().flat_map(|op| op_rows(summary, cells, op)).collect();
    rows.extend(count_rows(cells).into_iter().filter(Row::says_something));
    rows
}

/// The median, in ns too where a cycle is time, and what a unit of work costs.
fn op_rows(summary: &Summary, cells: &[&CellSummary], op: &str) -> Vec<Row> {
    let unit = summary.unit.map_or("?", Unit::short);
    let median = |cell: &CellSummary| Some(of(cell, op)?.p50.to_string());
    let mut rows = vec![Row::new(op, unit, cells, median)];
    if let (Some(Unit::Cycles), Some(hz)) = (summary.unit, summary.tsc_hz.filter(|&hz| hz > 0)) {
        let ns = |cell: &CellSummary| {
            Some(format!("{:.0}", ratio(u128::from(of(cell, op)?.p50) * 1_000_000_000, hz)))
        };
        rows.push(Row::new("", "ns", cells, ns));
    }
    rows.extend(verdicts(summary, cells, |cell| of(cell, op)?.ratio.as_ref()));
    let Some(per) = cells.iter().find_map(|cell| of(cell, op)?.per.as_ref()) else { return rows };
    let cost = |cell: &CellSummary| Some(format!("{:.1}", of(cell, op)?.per.as_ref()?.value?));
    let work = |cell: &CellSummary| {
        let op = of(cell, op)?;
        Some(format!("{:.1}", ratio(op.per.as_ref()?.count.into(), op.n)))
    };
    rows.push(Row::new(format!("  per {}", per.unit), unit, cells, cost));
    if op == "fork" {
        rows.extend(floor(summary, cells));
    }
    rows.extend(verdicts(summary, cells, |cell| of(cell, op)?.per.as_ref()?.ratio.as_ref()));
    rows.push(Row::new("  each", format!("{}s", per.unit), cells, work));
    rows
}

/// How each scheme compares with the reference, where times have intervals.
fn verdicts(
    summary: &Summary,
    cells: &[&CellSummary],
    ratio: impl Fn(&CellSummary) -> Option<&Comparison>,
) -> Option<Row> {
    let has_time = summary.execution.is_some_and(|execution| execution != Execution::Exact);
    let reference = &cells.iter().find_map(|cell| ratio(cell))?.reference;
    let said = |cell: &CellSummary| {
        let Ratio { value, verdict, .. } = ratio(cell)?.ratio;
        Some(match verdict {
            Some(Verdict::NoDifference) => format!("{value:.2} unresolved"),
            Some(verdict) => format!("{value:.2} {verdict}"),
            None => format!("{value:.2}"),
        })
    };
    has_time.then(|| Row::new("  ratio", format!("x {reference}"), cells, said))
}

/// The cost of a PTE copied, by the least that any fork must do for one.
fn floor(summary: &Summary, cells: &[&CellSummary]) -> Option<Row> {
    let per_pte = |cell: &CellSummary, op: &str| of(cell, op)?.per.as_ref()?.value;
    let floor = summary.cells.iter().find_map(|cell| per_pte(cell, "pte_copy_floor"))?;
    let times = |cell: &CellSummary| Some(format!("{:.2}", per_pte(cell, "fork")? / floor));
    (floor > 0.0).then(|| Row::new("", "x floor", cells, times))
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

fn count_rows(cells: &[&CellSummary]) -> [Row; 5] {
    let outcomes = |name: &str, unit: &str, keys: &[&str]| {
        Row::new(name, unit, cells, |cell| {
            let count = |key: &&str| Some((*cell.outcomes.get(*key)?)?.to_string());
            Some(keys.iter().map(count).collect::<Option<Vec<_>>>()?.join(" / "))
        })
    };
    let footprint = |name: &str, unit: &str, key: &str| {
        Row::new(name, unit, cells, |cell| rounded(cell.footprint.get(key)?))
    };
    let finds = ["find_exact", "find_partial", "find_unknown"];
    [
        outcomes("exact / partial / unknown", "finds", &finds),
        outcomes("freed / refused", "frames", &["freed", "refused"]),
        footprint("scheme, per frame", "bytes", "bytes_per_frame"),
        footprint("scheme, per mapping", "bytes", "bytes_per_mapping"),
        footprint("page tables", "bytes", "page_table_bytes"),
    ]
}

fn rounded(value: &Value) -> Option<String> {
    let whole = value.as_u64().map(|whole| whole.to_string());
    whole.or_else(|| value.as_f64().map(|number| format!("{number:.2}")))
}

fn legend(summary: &Summary) -> String {
    let (Some(unit), Some(execution)) = (summary.unit, summary.execution) else {
        return "The guest did not say how it was executed.\n".to_owned();
    };
    format!(
        "Times are medians in {}, class {}: {}\nThe stopwatch's own cost (`empty`) is included. {}\n{}",
        unit.name(),
        execution.name(),
        execution.claim(),
        faults(execution),
        verdict_legend(execution)
    )
}

/// What verdicts claim, where there are any.
const fn verdict_legend(execution: Execution) -> &'static str {
    match execution {
        Execution::Exact => "",
        _ => {
            "Ratios pair rounds; *slower* and *faster* are claimed at 99 % and beyond 1 %, *unresolved* is \
             no claim.\n"
        }
    }
}

/// What a fault's time leaves out.
const fn faults(execution: Execution) -> &'static str {
    match execution {
        Execution::Model => "Faults are calls: they exclude the exception.",
        _ => "Touches run at CPL 0: faults exclude the ring crossing.",
    }
}
