//! The (vma, offset) tuple in the frame.

use super::hints::Knowledge;
use super::rows::Rows;
use super::section::Section;
use crate::document::evidence::{Cell, Evidence, Measured};
use crate::document::figures::{or_dash, percent};

const TUPLE: &str = "vma-offset";

/// What each workload costs in.
const COSTS: [(&str, &[&str]); 3] = [
    ("fork-exit", &["fork", "fault_zero", "fault_reuse", "exit"]),
    ("mprotect-shatter", &["mprotect", "vma_split"]),
    ("mremap-arena", &["mremap"]),
];

const WORKLOADS: [&str; 5] =
    ["fork-exit", "mprotect-shatter", "mremap-arena", "fork-exec", "prefork"];

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "A (vma, offset) tuple in the frame",
        &[
            "So it should be entirely possible to add a (vma, offset) tuple into the \"struct page\".",
            "In fact, if you limit the scheme to only non-shared anonymous pages you wouldn't even need to \
             grow the \"struct page\" at all: you could overlay the information with the current (inode, \
             offset) information (or hash) that is needed for the page cache",
        ],
        "The tuple takes no bytes and covers unshared anonymous pages only. Splitting, merging and moving \
         areas have to keep it true, which costs; what it covers is the share of anonymous pages of which \
         a survey finds every user.",
        &WORKLOADS,
    );
    for measured in evidence.shown() {
        let mut prices = Vec::new();
        for (workload, ops) in COSTS {
            let rows = Rows::new(measured, measured.of(workload, |cell| cell.surveys.is_empty()));
            if !rows.is_empty() {
                section.tables.push(cost_table(&rows, ops));
                prices.extend(ops.iter().filter_map(|op| {
                    Some(format!("{op} ({workload}) {}", rows.cost_range(TUPLE, op)?))
                }));
            }
        }
        let surveyed =
            |cell: &&Cell| !cell.surveys.is_empty() && WORKLOADS.contains(&cell.workload.as_str());
        let cells: Vec<&Cell> = measured.cells.iter().filter(surveyed).collect();
        for workload in WORKLOADS {
            let rows =
                Rows::new(measured, cells.iter().copied().filter(|cell| cell.workload == workload));
            if !rows.is_empty() {
                section.tables.push(coverage_table(&rows));
            }
        }
        section.answers.extend(answer(measured, &prices, &cells));
    }
    section
}

fn cost_table(rows: &Rows<'_>, ops: &[&str]) -> String {
    let columns = ops.iter().flat_map(|op| [*op, "× scan"]);
    let columns: Vec<&str> = std::iter::once("bytes per frame").chain(columns).collect();
    rows.table("Median cost of one operation", &columns, |cell| {
        let costs = ops.iter().flat_map(|op| rows.cost(cell, op));
        std::iter::once(or_dash(cell.footprint("bytes_per_frame"))).chain(costs).collect()
    })
}

fn coverage_table(rows: &Rows<'_>) -> String {
    rows.table(
        "Share of anonymous pages covered",
        &["first survey", "least", "last survey"],
        |cell| {
            let shares =
                Knowledge::of(&cell.surveys).map(|known| [known.first, known.least, known.last]);
            let text = |share: u64| percent(share, 1000);
            shares.map_or_else(|| vec!["-".to_owned(); 3], |shares| shares.map(text).into())
        },
    )
}

fn answer(measured: &Measured, prices: &[String], surveyed: &[&Cell]) -> Option<String> {
    let under_it = measured.cells.iter().filter(|cell| cell.scheme == TUPLE);
    let bytes = under_it.filter_map(|cell| cell.footprint("bytes_per_frame")).max();
    let covered: Vec<Knowledge> = surveyed
        .iter()
        .filter(|cell| cell.scheme == TUPLE)
        .filter_map(|cell| Knowledge::of(&cell.surveys))
        .collect();
    let parts: Vec<String> =
        [bytes.map(growth), price(prices), coverage(&covered)].into_iter().flatten().collect();
    (!parts.is_empty())
        .then(|| format!("`{TUPLE}` (class {}): {}", measured.class, parts.join(" ")))
}

/// Whether the frame's structure grows.
fn growth(bytes: u64) -> String {
    match bytes {
        0 => "the frame's structure does not grow, as the mail says.".to_owned(),
        _ => {
            format!("the frame's structure grows by {bytes} bytes, which the mail does not expect.")
        }
    }
}

fn price(prices: &[String]) -> Option<String> {
    (!prices.is_empty()).then(|| format!("Against no reverse map: {}.", prices.join(", ")))
}

fn coverage(known: &[Knowledge]) -> Option<String> {
    let least = known.iter().map(|known| known.least).min()?;
    let most = known.iter().map(|known| known.first.max(known.last)).max()?;
    let [least, most] = [least, most].map(|share| percent(share, 1000));
    Some(format!("It covers {least} of the anonymous pages at worst and {most} at best."))
}

#[cfg(test)]
mod tests {
    use super::growth;

    #[test]
    fn a_tuple_that_takes_bytes_contradicts_the_mail() {
        assert!(growth(0).contains("does not grow"));
        assert!(growth(16).contains("grows by 16 bytes"));
    }
}
