//! A pointer to one of the users.

use super::rows::Rows;
use super::section::Section;
use crate::document::evidence::{Cell, Evidence};
use crate::document::figures::{or_dash, per_mille, percent};

const HINT: &str = "hint-any";

/// A chance is reasonable from this many of a thousand on.
const REASONABLE: u64 = 500;

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "A pointer to any one of the users",
        &[
            "It might well be \"good enough\" for what we're interested in - we couldn't free an arbitrary \
             page, but we would have a reasonable chance of freeing some pages we're interested in",
        ],
        "Who wants a frame follows the pointer and sees whether that user is the only one. Frames spread \
         over a heap are asked for; where a scheme cannot find every user, the request is refused. A \
         chance of one half is called reasonable.",
        &["evict-shared"],
    );
    for measured in evidence.shown() {
        let rows = Rows::new(measured, measured.of("evict-shared", |_| true));
        if rows.is_empty() {
            continue;
        }
        let columns = ["asked for", "freed", "refused", "freed, of those asked for", "unmap_frame"];
        section.tables.push(rows.table("Given frames that were freed", &columns, |cell| {
            let chance = chance(cell).map(|(freed, all)| percent(freed, all));
            vec![
                or_dash(self::chance(cell).map(|(_, all)| all)),
                or_dash(cell.outcome("freed")),
                or_dash(cell.outcome("refused")),
                or_dash(chance),
                or_dash(cell.median("unmap_frame")),
            ]
        }));
        let chances: Vec<_> = rows
            .under(HINT)
            .filter(|cell| gone(cell) == (0, 0))
            .filter_map(|cell| Some((cell.param("sharers")?, chance(cell)?)))
            .collect();
        let verdict = verdict(&chances);
        section.answers.extend(
            verdict.map(|verdict| format!("`{HINT}` (class {}): {verdict}", measured.class)),
        );
        section.answers.extend(rows.under(HINT).filter_map(once_shared));
    }
    section
}

/// Frames that were freed, and frames that were asked for.
fn chance(cell: &Cell) -> Option<(u64, u64)> {
    let freed = cell.outcome("freed")?;
    Some((freed, freed + cell.outcome("refused")?))
}

/// Ancestors and descendants that shared the heap once.
fn gone(cell: &Cell) -> (u64, u64) {
    (cell.param("ancestors").unwrap_or(0), cell.param("descendants").unwrap_or(0))
}

/// What is left to know of pages that were shared once and are not any more.
fn once_shared(cell: &Cell) -> Option<String> {
    let (freed, all) = chance(cell).filter(|_| cell.param("sharers") == Some(1))?;
    let who = match gone(cell) {
        (0, 0) => return None,
        (0, _) => "the children that shared them have exited",
        (_, 0) => "the parent that they came from has exited",
        (_, _) => "parent and children have exited",
    };
    Some(format!(
        "`{HINT}`: of pages that are unshared again because {who}, {} can be freed.",
        percent(freed, all)
    ))
}

/// What the chances by number of sharers say.
fn verdict(chances: &[(u64, (u64, u64))]) -> Option<String> {
    let share = |&(_, (freed, all)): &(u64, (u64, u64))| per_mille(freed, all);
    let alone = chances.iter().find(|(sharers, _)| *sharers == 1).and_then(share);
    let shared: Vec<u64> =
        chances.iter().filter(|(sharers, _)| *sharers > 1).filter_map(share).collect();
    let each: Vec<String> = chances
        .iter()
        .map(|(sharers, (freed, all))| format!("{sharers}: {}", percent(*freed, *all)))
        .collect();
    let verdict = match (alone, shared.iter().max()) {
        (None, None) => return None,
        (Some(alone), _) if alone < REASONABLE => "the guess does not hold even for unshared pages",
        (_, Some(most)) if *most >= REASONABLE => "the guess holds, for some shared pages too",
        (Some(_), Some(0)) => "the guess holds for unshared pages; a shared one is never freed",
        (Some(_), _) => "the guess holds for unshared pages, and not for shared ones",
        (None, Some(_)) => {
            "the chance is not reasonable for shared pages; unshared ones are not measured"
        }
    };
    Some(format!("{verdict}. Freed, by number of sharers: {}.", each.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn the_guess_stands_or_falls_with_the_chances() {
        let said = |chances: &[(u64, (u64, u64))]| verdict(chances).expect("there are figures");
        assert!(said(&[(1, (9, 10)), (2, (0, 10))]).contains("a shared one is never freed"));
        assert!(said(&[(1, (9, 10)), (2, (4, 10))]).contains("and not for shared ones"));
        assert!(said(&[(1, (9, 10)), (2, (6, 10))]).contains("for some shared pages too"));
        assert!(said(&[(1, (4, 10)), (2, (6, 10))]).contains("does not hold even for unshared"));
        assert!(said(&[(2, (1, 10))]).contains("unshared ones are not measured"));
        assert!(said(&[(1, (9, 10)), (2, (0, 10))]).ends_with("1: 90.0 %, 2: 0.0 %."));
        assert_eq!(verdict(&[]), None);
    }
}
