//! Contiguous blocks in a fragmented machine: the case where no reverse map hurts.

use super::rows::{NOTHING, Rows};
use super::section::Section;
use crate::document::evidence::{Cell, Evidence, Op};
use crate::document::figures::{decimal, or_dash, per_mille, percent, times};

/// Painful is what takes this many times as long.
const PAINFUL_FACTOR: u64 = 2;

/// Or what succeeds this many thousandths less often.
const PAINFUL_LOSS: u64 = 100;

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "Contiguous blocks in a fragmented machine",
        &[
            "It's only when you want a _specific_ physical page that the lack of reverse mapping is painful.",
            "So yes, reverse page tables would be useful, but it's fairly painful and the gain is usually \
             not all that large except for this one case.",
        ],
        "Memory is in pieces, and blocks of 2^order pages are wanted (order 2 is 16 KiB, as the thread's \
         NFS buffers; 4 is 64 KiB; 9 is 2 MiB). Each is made by moving the pages that are in its way, for \
         which all their users have to be found; impossible is a block that nobody could have made. Painful is called what takes twice as long as the fastest \
         scheme that succeeds as often, or succeeds less often by 10 percentage points.",
        &["fragment-compact"],
    );
    for measured in evidence.shown() {
        let rows = Rows::new(measured, measured.of("fragment-compact", |_| true));
        if rows.is_empty() {
            continue;
        }
        let columns = [
            "possible",
            "made",
            "made, of those",
            "impossible",
            "frames moved",
            "frames per block",
            "compact_block, per block made",
        ];
        section.tables.push(rows.table("Blocks made by moving pages", &columns, |cell| {
            let (made, all) = blocks(cell).unzip();
            let moved = cell.op("compact_block").and_then(Op::work);
            let share = made.zip(all).map(|(made, all)| percent(made, all));
            let each = moved.zip(made).map(|(moved, made)| decimal(moved, made, 1));
            vec![
                or_dash(all),
                or_dash(made),
                or_dash(share),
                or_dash(cell.outcome("blocks_impossible")),
                or_dash(moved),
                or_dash(each),
                or_dash(time(cell)),
            ]
        }));
        for alike in rows.cells.chunk_by(|cell, next| cell.params == next.params) {
            let setting = rows.setting(alike[0]);
            section.answers.extend(
                verdict(alike)
                    .map(|verdict| format!("{setting} (class {}): {verdict}", measured.class)),
            );
        }
    }
    section
}

/// Blocks that were made by moving, and all that somebody who finds every user could have made.
fn blocks(cell: &Cell) -> Option<(u64, u64)> {
    let made = cell.outcome("blocks_assembled")?;
    Some((made, made + cell.outcome("blocks_refused")?))
}

/// The time of all attempts, for each block that was made.
fn time(cell: &Cell) -> Option<u64> {
    let (made, _) = blocks(cell)?;
    let rounded = |total: u64| (total + made / 2).checked_div(made);
    cell.op("compact_block").map(Op::total).and_then(rounded)
}

/// How one scheme fared: its success in thousandths, and its time for each block if it made any.
#[derive(Clone, Copy, Debug)]
struct Fared<'c> {
    scheme: &'c str,
    success: u64,
    time: Option<u64>,
}

fn verdict(cells: &[&Cell]) -> Option<String> {
    let fared = |cell: &&'_ Cell| {
        let (made, all) = blocks(cell)?;
        Some((cell.scheme.clone(), per_mille(made, all)?, time(cell)))
    };
    let all: Vec<_> = cells.iter().filter_map(fared).collect();
    let all: Vec<Fared<'_>> = all
        .iter()
        .map(|(scheme, success, time)| Fared { scheme, success: *success, time: *time })
        .collect();
    judge(&all)
}

/// Whether doing without a reverse map is painful.
fn judge(all: &[Fared<'_>]) -> Option<String> {
    let without = all.iter().find(|fared| fared.scheme == NOTHING)?;
    let most = all.iter().max_by_key(|fared| fared.success)?;
    let as_good =
        all.iter().filter(|fared| fared.scheme != NOTHING && fared.success >= without.success);
    let fastest =
        as_good.filter_map(|fared| Some((fared.scheme, fared.time?))).min_by_key(|it| it.1);
    let compared = without.time.zip(fastest);
    let is_slow =
        compared.is_some_and(|(own, (_, other))| own >= other.saturating_mul(PAINFUL_FACTOR));
    let fails = most.success >= without.success + PAINFUL_LOSS;
    let judgement = match (is_slow, fails) {
        (true, true) => "doing without is painful, in time and in success",
        (true, false) => "doing without is painful, in time",
        (false, true) => "doing without is painful, in success",
        (false, false) => "doing without is not painful",
    };
    let compared = compared.map_or_else(
        || "no other scheme succeeds as often".to_owned(),
        |(own, (scheme, other))| format!("{} times as long as `{scheme}`", times(own, other)),
    );
    let [own, best] = [without.success, most.success].map(|success| percent(success, 1000));
    Some(format!(
        "{judgement}: `{NOTHING}` makes {own} of the blocks (at best {best}), {compared}."
    ))
}

#[cfg(test)]
mod tests {
    use super::{Fared, judge};

    fn said(others: &[(u64, u64)], scan: (u64, u64)) -> String {
        let fared = |scheme, (success, time)| Fared { scheme, success, time: Some(time) };
        let mut all: Vec<_> = others.iter().map(|&other| fared("other", other)).collect();
        all.push(fared("scan", scan));
        judge(&all).expect("scan is there")
    }

    #[test]
    fn pain_is_in_time_or_in_success() {
        assert!(said(&[(1000, 10)], (1000, 19)).starts_with("doing without is not painful"));
        assert!(said(&[(1000, 10)], (1000, 20)).starts_with("doing without is painful, in time:"));
        assert!(
            said(&[(1000, 30)], (900, 20)).starts_with("doing without is painful, in success:")
        );
        assert!(said(&[(1000, 30)], (901, 20)).starts_with("doing without is not painful"));
        assert!(said(&[(1000, 10)], (500, 20)).contains("in time and in success"));
    }

    #[test]
    fn a_scheme_that_fails_more_often_is_no_measure_of_speed() {
        let said = said(&[(100, 1)], (1000, 50));
        assert!(said.starts_with("doing without is not painful"), "{said}");
        assert!(said.contains("no other scheme succeeds as often"), "{said}");
    }

    #[test]
    fn who_makes_no_block_has_no_time_for_one() {
        let fared = |scheme, success, time| Fared { scheme, success, time };
        let said =
            judge(&[fared("scan", 0, None), fared("other", 1000, Some(9))]).expect("scan is there");
        assert!(said.starts_with("doing without is painful, in success:"), "{said}");
    }

    #[test]
    fn without_scan_there_is_no_verdict() {
        assert_eq!(judge(&[Fared { scheme: "other", success: 1000, time: Some(1) }]), None);
    }
}
