//! Forgetting pages one table at a time, as an agent of aging.

use super::PLAN;
use super::rows::{NOTHING, Rows};
use super::section::Section;
use crate::document::evidence::{Cell, Evidence, Measured};
use crate::document::figures::{decimal, or_dash};

/// The mean rank of picks by chance, in thousandths.
const CHANCE: u64 = 500;

/// Machines on which anybody can measure it, by class.
const MACHINES: [(&str, &str); 2] = [("model", "model"), ("exact", "icount")];

/// Classes in which a real TLB sets accessed bits.
const HARDWARE: [&str; 2] = ["bare-metal", "virtualized"];

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "Forgetting pages one at a time as aging",
        &[
            "Note that the normal VM routines can handle COW-shared pages fairly efficiently the way they \
             work now: forgetting them one at a time until only the page cache one is left sounds like the \
             chicken way out of a hard problem, but it actually acts as a simple aging agent",
        ],
        "Under pressure, the pages that go should be those whose last use is longest ago. Each page that \
         goes is ranked by its last use among all that were there: 0 is the least recently used of a \
         thousand, 1000 the most recently used. Picks by chance have a mean rank of 500; picks in true order \
         have the mean rank in the column *true order*, which is not 0 because several go at once.",
        &["aging"],
    );
    for measured in &evidence.results {
        let rows = Rows::new(measured, measured.of("aging", |_| true));
        if rows.is_empty() {
            continue;
        }
        let columns = ["pages picked", "mean rank", "true order"];
        section.tables.push(rows.table(
            "Mean rank of evicted pages by last use, in thousandths",
            &columns,
            |cell| {
                let mean = |sum: &str| {
                    Some(decimal(
                        cell.outcome(sum)?,
                        cell.outcome("aging_picks").filter(|&n| n > 0)?,
                        1,
                    ))
                };
                vec![
                    or_dash(cell.outcome("aging_picks")),
                    or_dash(mean("aging_rank_sum")),
                    or_dash(mean("aging_rank_sum_lru")),
                ]
            },
        ));
        section.answers.extend(answer(measured, &rows));
    }
    section.notes = not_measured(evidence);
    section
}

/// Picks, the sum of their ranks, and the sum of ranks in true order.
type Picks = (u64, u64, u64);

fn picks(cell: &Cell) -> Option<Picks> {
    let of = |name| cell.outcome(name);
    Some((of("aging_picks")?, of("aging_rank_sum")?, of("aging_rank_sum_lru")?))
}

fn answer(measured: &Measured, rows: &Rows<'_>) -> Vec<String> {
    let line = |cell: &Cell| {
        let verdict = verdict(picks(cell)?)?;
        let setting = Some(rows.setting(cell)).filter(|setting| !setting.is_empty());
        let setting = setting.map_or(String::new(), |setting| format!(", {setting}"));
        Some(format!("`{NOTHING}` (class {}{setting}): {verdict}", measured.class))
    };
    rows.under(NOTHING).filter_map(line).collect()
}

/// Whether picks are nearer to true order than to chance.
fn verdict((picks, sum, sum_in_order): Picks) -> Option<String> {
    if picks == 0 {
        return None;
    }
    // Sums, where one speaks of means: every side is multiplied by the number of picks.
    let halfway = u64::midpoint(CHANCE * picks, sum_in_order);
    let judgement = match sum {
        _ if sum <= halfway => {
            "it acts as an aging agent: its picks are nearer to true order than to chance"
        }
        _ if sum < CHANCE * picks => {
            "it ages a little: its picks are better than chance, but nearer to chance than to true order"
        }
        _ => "it does not act as an aging agent: its picks are no better than chance",
    };
    let [mean, in_order] = [sum, sum_in_order].map(|sum| decimal(sum, picks, 1));
    Some(format!("{judgement} (mean rank {mean}; true order {in_order}, chance {CHANCE})."))
}

/// What is not measured, with the command that would do it.
fn not_measured(evidence: &Evidence) -> Vec<String> {
    let has = |class: &str| {
        let measured = evidence.results.iter().filter(|measured| measured.class == class);
        measured.flat_map(|measured| &measured.cells).any(|cell| cell.workload == "aging")
    };
    let absent = MACHINES.iter().filter(|(class, _)| !has(class));
    let mut notes: Vec<String> = absent
        .map(|(class, machine)| {
            format!(
                "Not measured in class {class}; `cargo rmapbench run --plan {PLAN} --machine {machine}` \
                 does it."
            )
        })
        .collect();
    if !HARDWARE.iter().any(|class| has(class)) {
        notes.push(format!(
            "Not measured on hardware (class {}); `cargo rmapbench run --plan {PLAN} --machine kvm` \
             does it where KVM executes natively, and `collect` on a PC.",
            HARDWARE.join(" or ")
        ));
    }
    notes.extend(agreement(evidence));
    notes
}

/// Whether machines that can be repeated pick the same pages.
fn agreement(evidence: &Evidence) -> Option<String> {
    let [model, exact] = MACHINES.map(|(class, _)| {
        let mut results = evidence.results.iter();
        results.find(|measured| {
            measured.class == class && measured.of("aging", |_| true).next().is_some()
        })
    });
    let (model, exact) = (model?, exact?);
    let pairs = model.of("aging", |_| true).filter_map(|cell| Some((cell, exact.same(cell)?)));
    let (same, different): (Vec<_>, Vec<_>) =
        pairs.partition(|(cell, other)| picks(cell).is_some() && picks(cell) == picks(other));
    let names: Vec<String> =
        different.iter().map(|(cell, _)| format!("`{}`", cell.scheme)).collect();
    Some(match (same.len(), names.len()) {
        (0, 0) => return None,
        (all, 0) => format!("Classes model and exact agree in all {all} cells that both have."),
        _ => format!("Classes model and exact differ under {}.", names.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn picks_are_judged_between_true_order_and_chance() {
        let said = |sum| verdict((10, sum, 1000)).expect("there are picks");
        assert!(said(1000).starts_with("it acts as an aging agent"));
        assert!(said(3000).starts_with("it acts as an aging agent"));
        assert!(said(3001).starts_with("it ages a little"));
        assert!(said(4999).starts_with("it ages a little"));
        assert!(said(5000).starts_with("it does not act"));
        assert!(said(3000).contains("mean rank 300.0; true order 100.0, chance 500"));
    }

    #[test]
    fn no_picks_have_no_verdict() {
        assert_eq!(verdict((0, 0, 0)), None);
    }
}
