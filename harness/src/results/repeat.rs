//! A machine that counts instructions does the same in every round, or something is wrong.

use super::cells::{Cell, cells};
use super::{CellRun, Execution, Run};

/// What differs between two rounds of a cell, as a sentence; nothing where rounds may differ.
pub fn difference(run: &Run) -> Option<String> {
    if Execution::of(run) != Some(Execution::Exact) {
        return None;
    }
    difference_in(&cells(run))
}

/// The same of the cells of an exact machine.
pub(super) fn difference_in(cells: &[Cell<'_>]) -> Option<String> {
    cells.iter().find_map(in_cell)
}

fn in_cell(cell: &Cell<'_>) -> Option<String> {
    let (first, others) = cell.rounds.split_first()?;
    others.iter().find_map(|other| {
        let what = between(first, other)?;
        let (title, one, two) = (first.title(), first.round + 1, other.round + 1);
        Some(format!("{title} did not repeat: `{what}` differs between rounds {one} and {two}, on a \
                      machine that counts exactly; use one CPU and no `shift=auto`, and report it if that is so"))
    })
}

fn between(one: &CellRun, other: &CellRun) -> Option<String> {
    let names = one.ops.keys().chain(other.ops.keys());
    let mut ops = names.filter(|op| one.ops.get(*op) != other.ops.get(*op));
    if let Some(op) = ops.next() {
        return Some(op.clone());
    }
    let groups = [
        ("counters", one.counters != other.counters),
        ("outcomes", one.outcomes != other.outcomes),
        ("footprint", one.footprint != other.footprint),
        ("phases", one.phases != other.phases),
        ("surveys", one.surveys != other.surveys),
    ];
    groups.into_iter().find(|(_, differ)| *differ).map(|(name, _)| name.to_owned())
}
