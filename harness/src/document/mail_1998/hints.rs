//! Hints for unshared pages, over time.

use super::rows::Rows;
use super::section::Section;
use crate::document::evidence::{Cell, Evidence, Measured, Survey};
use crate::document::figures::{or_dash, per_mille, percent};

/// The workloads in which surveys are taken.
const WORKLOADS: [&str; 3] = ["fork-exit", "fork-exec", "prefork"];

const HINT: &str = "hint-exclusive";

/// A hint is usable where it covers this many of a thousand pages.
const USABLE: u64 = 900;

/// Surveys that a table shows.
const SHOWN: usize = 8;

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "A hint for unshared pages only",
        &[
            "HOWEVER, I suspect that the UNIX fork()/exec() semantics would make even this be impractical: \
             on average a lot of pages are not shared, but most pages are shared at least for a short while \
             every once in a while.",
            "And even if they become unshared quickly after being shared, they will have lost the \
             information about what single mapping they had.",
        ],
        "Fork takes the hint from every page, and nothing gives it back soon. A survey asks the scheme \
         about every anonymous page that is mapped; the figures are the shares of which it knew every \
         user. Usable is called what covers 90 % and more.",
        &WORKLOADS,
    );
    for measured in evidence.shown() {
        let mut fates = Vec::new();
        for workload in WORKLOADS {
            let rows = Rows::new(measured, measured.of(workload, |cell| !cell.surveys.is_empty()));
            if rows.is_empty() {
                continue;
            }
            section.tables.push(table(&rows));
            fates.extend(rows.under(HINT).filter_map(|cell| fate(&rows, cell)));
        }
        section.answers.extend(verdict(measured, &fates));
    }
    section
}

fn table(rows: &Rows<'_>) -> String {
    let longest = rows.cells.iter().map(|cell| cell.surveys.len()).max().unwrap_or(0);
    let shown = shown(longest);
    let columns: Vec<String> =
        shown.iter().map(|number| format!("survey {}", number + 1)).collect();
    let columns: Vec<&str> =
        ["pages"].into_iter().chain(columns.iter().map(String::as_str)).collect();
    rows.table("Pages whose users the scheme knew exactly", &columns, |cell| {
        let most = cell.surveys.iter().map(|survey| survey.pages()).max();
        let share = |number: &usize| {
            or_dash(cell.surveys.get(*number).map(|survey| percent(survey.exact, survey.pages())))
        };
        std::iter::once(or_dash(most)).chain(shown.iter().map(share)).collect()
    })
}

/// Which of `count` surveys are shown: the first, the last, and others evenly between them.
fn shown(count: usize) -> Vec<usize> {
    match count {
        0..=SHOWN => (0..count).collect(),
        _ => (0..SHOWN).map(|place| place * (count - 1) / (SHOWN - 1)).collect(),
    }
}

/// What becomes of what a scheme knows, in thousandths of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Knowledge {
    pub(super) first: u64,
    pub(super) least: u64,
    pub(super) last: u64,
    /// Surveys from the worst to the first usable one after it.
    back_after: Option<usize>,
}

impl Knowledge {
    /// Of a series of surveys that is not empty.
    pub(super) fn of(surveys: &[Survey]) -> Option<Self> {
        let shares: Vec<u64> =
            surveys.iter().filter_map(|survey| per_mille(survey.exact, survey.pages())).collect();
        let least = *shares.iter().min()?;
        let worst = shares.iter().rposition(|share| *share == least)?;
        let back_after = shares[worst..].iter().position(|share| *share >= USABLE);
        Some(Self { first: *shares.first()?, least, last: *shares.last()?, back_after })
    }

    fn is_usable_throughout(self) -> bool {
        self.least >= USABLE
    }

    /// What became of it, as a clause.
    fn fate(self) -> String {
        match self.back_after {
            _ if self.is_usable_throughout() => "it stays usable".to_owned(),
            Some(1) => "it is usable again one survey after the worst".to_owned(),
            Some(after) => format!("it is usable again {after} surveys after the worst"),
            None if self.last > self.least => "it comes back in part".to_owned(),
            None => "what is lost does not come back".to_owned(),
        }
    }
}

/// A cell's sentence, and whether the hint stayed usable.
fn fate(rows: &Rows<'_>, cell: &Cell) -> Option<(String, bool)> {
    let knowledge = Knowledge::of(&cell.surveys)?;
    let setting = Some(rows.setting(cell)).filter(|setting| !setting.is_empty());
    let setting = setting.map_or(String::new(), |setting| format!(" ({setting})"));
    let share = |share| percent(share, 1000);
    let sentence = format!(
        "{}{setting}: {} at worst, {} at the end, {}",
        cell.workload,
        share(knowledge.least),
        share(knowledge.last),
        knowledge.fate()
    );
    Some((sentence, knowledge.is_usable_throughout()))
}

fn verdict(measured: &Measured, fates: &[(String, bool)]) -> Option<String> {
    let lost = fates.iter().filter(|(_, usable)| !usable).count();
    let verdict = match (fates.len(), lost) {
        (0, _) => return None,
        (1, 1) => "the suspicion holds in the one case measured".to_owned(),
        (1, 0) => "the suspicion does not hold in the one case measured".to_owned(),
        (all, lost) if lost == all => format!("the suspicion holds in all {all} cases"),
        (all, 0) => format!("the suspicion does not hold in any of {all} cases"),
        (all, lost) => format!("the suspicion holds in {lost} of {all} cases"),
    };
    let sentences: Vec<&str> = fates.iter().map(|(sentence, _)| sentence.as_str()).collect();
    Some(format!("`{HINT}` (class {}): {verdict}. {}.", measured.class, sentences.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::{Knowledge, shown};
    use crate::document::evidence::Survey;

    fn knowledge(exact: &[u64]) -> Knowledge {
        let survey = |&exact: &u64| Survey { exact, partial: 0, unknown: 100 - exact };
        Knowledge::of(&exact.iter().map(survey).collect::<Vec<_>>()).expect("there are surveys")
    }

    #[test]
    fn what_is_lost_for_good_is_told_from_what_comes_back() {
        assert_eq!(knowledge(&[100, 95, 92]).fate(), "it stays usable");
        assert_eq!(
            knowledge(&[100, 0, 0, 50, 95]).fate(),
            "it is usable again 2 surveys after the worst"
        );
        assert_eq!(
            knowledge(&[100, 0, 95]).fate(),
            "it is usable again one survey after the worst"
        );
        assert_eq!(knowledge(&[100, 0, 50]).fate(), "it comes back in part");
        assert_eq!(knowledge(&[100, 10, 10]).fate(), "what is lost does not come back");
    }

    #[test]
    fn nothing_is_known_of_no_pages() {
        assert_eq!(Knowledge::of(&[]), None);
        assert_eq!(Knowledge::of(&[Survey { exact: 0, partial: 0, unknown: 0 }]), None);
    }

    #[test]
    fn a_long_series_is_shown_from_end_to_end() {
        assert_eq!(shown(3), [0, 1, 2]);
        assert_eq!(shown(64), [0, 9, 18, 27, 36, 45, 54, 63]);
    }
}
