//! Users that cannot be found when memory fails.

use super::rows::{NOTHING, Rows};
use super::section::Section;
use crate::document::evidence::{Cell, Evidence};
use crate::document::figures::{or_dash, percent};

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "What is lost without a reverse map",
        &[
            "We _can_ generally do fine without any reverse mapping at all, because most of the time it \
             makes no difference.",
            "But if we were to need a reverse mapping, then we need one that can handle page sharing.",
        ],
        "Memory errors hit frames, shared and not. Each user of such a frame should be told; a user that \
         the scheme cannot find goes on with what is broken.",
        &["poison-sweep"],
    );
    for measured in evidence.shown() {
        let rows = Rows::new(measured, measured.of("poison-sweep", |_| true));
        if rows.is_empty() {
            continue;
        }
        let columns = ["users", "found and told", "not found", "not found, of all", "poison_frame"];
        section.tables.push(rows.table(
            "Users of frames that memory errors hit",
            &columns,
            |cell| {
                let (lost, all) = users(cell).unzip();
                vec![
                    or_dash(all),
                    or_dash(all.zip(lost).map(|(all, lost)| all - lost)),
                    or_dash(lost),
                    or_dash(lost.zip(all).map(|(lost, all)| percent(lost, all))),
                    or_dash(cell.median("poison_frame")),
                ]
            },
        ));
        let lost: Vec<(&str, (u64, u64))> = rows
            .cells
            .iter()
            .filter_map(|cell| Some((cell.scheme.as_str(), users(cell)?)))
            .collect();
        section
            .answers
            .extend(verdict(&lost).map(|verdict| format!("(class {}) {verdict}", measured.class)));
    }
    section
}

/// Users that were not found, and all there were.
fn users(cell: &Cell) -> Option<(u64, u64)> {
    let lost = cell.outcome("poison_lost")?;
    Some((lost, lost + cell.outcome("poison_told")?))
}

/// Who loses users, and what that says of doing without.
fn verdict(lost: &[(&str, (u64, u64))]) -> Option<String> {
    let (_, (without, all)) = lost.iter().find(|(scheme, _)| *scheme == NOTHING)?;
    let judgement = match without {
        0 => format!("without a reverse map every user of {all} is found, by walking all tables"),
        _ => format!("without a reverse map {without} of {all} users are not found"),
    };
    let losers: Vec<String> = lost
        .iter()
        .filter(|(scheme, (lost, _))| *scheme != NOTHING && *lost > 0)
        .map(|(scheme, (lost, all))| format!("`{scheme}` {}", percent(*lost, *all)))
        .collect();
    let others = match losers.len() {
        0 => "No other scheme loses any.".to_owned(),
        _ => format!("Not found under others: {}.", losers.join(", ")),
    };
    Some(format!("{judgement}. {others}"))
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn users_that_are_lost_are_counted_by_scheme() {
        let said =
            verdict(&[("scan", (0, 10)), ("hint-exclusive", (8, 10)), ("pte-next", (0, 10))]);
        let said = said.expect("scan is there");
        assert!(said.starts_with("without a reverse map every user of 10 is found"), "{said}");
        assert!(said.ends_with("Not found under others: `hint-exclusive` 80.0 %."), "{said}");
        let said = verdict(&[("scan", (3, 10)), ("pte-next", (0, 10))]).expect("scan is there");
        assert!(said.starts_with("without a reverse map 3 of 10 users are not found"), "{said}");
        assert!(said.ends_with("No other scheme loses any."), "{said}");
        assert_eq!(verdict(&[("pte-next", (0, 10))]), None);
    }
}
