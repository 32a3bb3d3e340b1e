//! Odd machines: a table of them (`xtask/machines.toml`), each booted for real and judged.

mod image;
mod judge;
mod madt;
mod qemu;
mod row;
mod trial;

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use row::{Group, Row};
use trial::{Bench, Outcome, Trial};

/// How many machines run at a time.
const AT_ONCE: usize = 2;

/// Which rows are tried.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// Those that every test run tries.
    Quick,
    /// The one of this name, or all whose name contains it.
    Named(&'a str),
}

/// A row that was tried.
struct Tried<'r> {
    row: &'r Row,
    trial: Trial,
    took: Duration,
}

/// Tries the machines that `selection` names; an error if one does not do what its row says.
pub fn run(root: &Path, selection: Selection<'_>) -> Result<(), String> {
    let file = root.join("xtask/machines.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let rows = row::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let chosen = choose(&rows, selection);
    if chosen.is_empty() {
        return Err(format!("no machine of {} is meant by {selection:?}", file.display()));
    }
    let tried = try_all(&Bench::build(root)?, chosen);
    summarise(&tried)
}

fn choose<'r>(rows: &'r [Row], selection: Selection<'_>) -> Vec<&'r Row> {
    let named = |name: &str| rows.iter().find(|row| row.name == name);
    match selection {
        Selection::Quick => rows.iter().filter(|row| row.group == Group::Quick).collect(),
        Selection::Named(name) => named(name).map_or_else(
            || rows.iter().filter(|row| row.name.contains(name)).collect(),
            |row| vec![row],
        ),
    }
}

/// In the order in which they end.
fn try_all<'r>(bench: &Bench, chosen: Vec<&'r Row>) -> Vec<Tried<'r>> {
    let waiting = Mutex::new(VecDeque::from(chosen));
    let tried = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = next(&waiting) {
                    let start = Instant::now();
                    let trial = bench.try_out(row);
                    let each = Tried { row, trial, took: start.elapsed() };
                    println!("{}", line(&each));
                    tried.lock().unwrap_or_else(PoisonError::into_inner).push(each);
                }
            });
        }
    });
    tried.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn next<'r>(waiting: &Mutex<VecDeque<&'r Row>>) -> Option<&'r Row> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn line(tried: &Tried<'_>) -> String {
    let Tried { row, trial, took } = tried;
    let seconds = took.as_secs_f32();
    match &trial.outcome {
        Outcome::Ok => format!("test machine::{} ... ok ({seconds:.1} s)", row.name),
        Outcome::Skipped(why) => format!("test machine::{} ... skipped: {why}", row.name),
        Outcome::Failed(why) => format!(
            "test machine::{} ... FAILED ({seconds:.1} s)\n  {why}\n  {}",
            row.name, trial.command
        ),
    }
}

/// The table at the end.
fn summarise(tried: &[Tried<'_>]) -> Result<(), String> {
    let width = tried.iter().map(|each| each.row.name.len()).max().unwrap_or(0);
    println!("\n{:width$}  outcome  seconds  again", "machine");
    for Tried { row, trial, took } in tried {
        let outcome = match trial.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
        };
        let seconds = took.as_secs_f32();
        println!("{0:width$}  {outcome:7}  {seconds:7.1}  cargo xtask machines {0}", row.name);
    }
    let count =
        |is: fn(&Outcome) -> bool| tried.iter().filter(|each| is(&each.trial.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    println!("{} passed, {failed} failed, {skipped} skipped", tried.len() - failed - skipped);
    if failed == 0 { Ok(()) } else { Err(format!("{failed} machines failed")) }
}
