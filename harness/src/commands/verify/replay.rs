//! `verify --trace`: the events of a file under every scheme.

use std::fs;
use std::path::Path;

use rmap::SchemeId;
use runner::verify::{Script, Trouble};
use wire::Plan;

use super::tell;
use crate::cli::{self, Machine};
use crate::commands::print;
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::verify::{EventEngine, Finding, Passed, Replayed, Traced, passed, read, replay};

pub(super) fn replay_file(
    file: &Path,
    plan: &Plan,
    arguments: &cli::Verify,
) -> Result<Exit, Error> {
    if arguments.machine != Machine::Model {
        return Err(Error::TraceOfAGuest);
    }
    let text = fs::read_to_string(file).map_err(Error::file("read", file))?;
    let traced = read(&text).map_err(|cause| Error::Trace { path: file.to_owned(), cause })?;
    let mut exit = Exit::Done;
    for name in &plan.schemes {
        let scheme = name.parse().expect("the names of the plan were looked up");
        if replay_under(scheme, file, &traced, arguments)? == Exit::Failed {
            exit = Exit::Failed;
        }
        if interrupt::requested() {
            eprintln!("rmapbench: incomplete: interrupted");
            return Ok(Exit::Incomplete);
        }
    }
    Ok(exit)
}

fn replay_under(
    scheme: SchemeId,
    file: &Path,
    traced: &[Traced],
    arguments: &cli::Verify,
) -> Result<Exit, Error> {
    let events: Vec<_> = traced.iter().map(|traced| traced.event).collect();
    let seed = arguments.seed;
    let script = Script::List { seed, events: &events };
    let Replayed { explored, time } =
        replay::<EventEngine>(scheme, seed, &events, arguments.check_every);
    match &explored.trouble {
        None => {
            let (events, checks) = (explored.events, explored.checks);
            let scheme = scheme.name();
            print(&passed(&Passed { scheme, events, checks, seed, time }))?;
            Ok(Exit::Done)
        }
        Some(Trouble::Refused(why)) => Err(Error::Refused {
            path: file.to_owned(),
            line: traced[explored.culprit(script) as usize - 1].line,
            scheme: scheme.name(),
            why: why.to_string(),
        }),
        Some(Trouble::Mismatch(what)) => {
            let event = explored.culprit(script);
            let finding = Finding { scheme, seed, event, what: what.to_string() };
            let file = file.display();
            let again =
                format!("cargo rmapbench verify --schemes {scheme} --seed {seed} --trace {file}");
            tell(&finding, &again, script, arguments)?;
            Ok(Exit::Failed)
        }
    }
}
