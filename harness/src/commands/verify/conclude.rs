//! The end of random events: a line for each scheme, what was found, how it ended.

use runner::verify::Script;

use super::explore::Explored;
use super::tell;
use crate::cli;
use crate::commands::{print, root};
use crate::error::Error;
use crate::exit::Exit;
use crate::guest::built_kernel;
use crate::results::CellRun;
use crate::symbolise::crash_text;
use crate::verdict::Verdict;
use crate::verify::{Finding, Passed, Stopwatch, passed};

pub(super) fn conclude(arguments: &cli::Verify, explored: &Explored) -> Result<Exit, Error> {
    let Explored { heard, qemu, stopwatch } = explored;
    for (&number, cell) in heard.run.cells.iter().filter(|(_, cell)| cell.mismatch.is_none()) {
        print(&line(arguments, number, cell, stopwatch))?;
    }
    for finding in heard.run.cells.values().filter_map(finding) {
        // The same events up to the one that went wrong, invented again.
        let script = Script::Random { seed: finding.seed, events: finding.event };
        tell(&finding, &again(arguments, &finding), script, arguments)?;
    }
    if let Some(crash) = &heard.run.crash {
        let kernel = built_kernel(&root()).filter(|_| qemu.is_some());
        eprint!("{}", crash_text(crash, kernel.as_ref().map(|kernel| &*kernel.path)));
    }
    let Verdict { sentence, exit } = Verdict::on(heard, qemu.as_ref());
    eprintln!("rmapbench: {sentence}");
    Ok(exit)
}

/// The line of a scheme under which nothing has gone wrong.
fn line(arguments: &cli::Verify, number: u32, cell: &CellRun, stopwatch: &Stopwatch) -> String {
    let verified = cell.verified.unwrap_or_default();
    passed(&Passed {
        scheme: &cell.scheme,
        events: verified.events,
        checks: verified.checks,
        seed: arguments.seed,
        time: stopwatch.took(number),
    })
}

fn finding(cell: &CellRun) -> Option<Finding> {
    let mismatch = cell.mismatch.as_ref()?;
    let scheme = cell.scheme.parse().ok()?;
    Some(Finding {
        scheme,
        seed: mismatch.seed,
        event: mismatch.event,
        what: mismatch.what.clone(),
    })
}

fn again(arguments: &cli::Verify, finding: &Finding) -> String {
    let cli::Verify { machine, check_every, .. } = arguments;
    let Finding { scheme, seed, event, .. } = finding;
    let machine = machine.name();
    format!(
        "cargo rmapbench verify --machine {machine} --schemes {scheme} --seed {seed} --events {event} \
         --check-every {check_every}"
    )
}
