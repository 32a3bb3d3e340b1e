//! `run --machine model`: a plan in this process.

use jiff::Timestamp;

use super::boot::PATIENCE;
use super::conclude::{Circumstances, conclude, folder};
use super::run::rehearsed;
use super::trace::draft;
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::expectation::Expectation;
use crate::link::Answer;
use crate::modelled;
use crate::plan::Estimate;
use crate::progress::Progress;
use crate::results::{Folder, Route};
use crate::session::listen;
use crate::verify::EventEngine;

/// Carries `run` out on the modelled machine.
pub fn run(arguments: &cli::Run) -> Result<Exit, Error> {
    refuse_what_boots(arguments)?;
    let shell = cli::shell(arguments.verbose);
    Folder::check(arguments.out.as_deref())?;
    let (draft, trace) = draft(arguments)?;
    let plan = draft.plan()?;
    let (text, trace_sha256) = trace.map(|trace| (trace.text, trace.sha256)).unzip();
    let text = text.unwrap_or_default();
    let expectation = rehearsed(&plan, &text)?;
    if let Some(estimate) = Estimate::modelled(&plan, &text) {
        let round = expectation.as_ref().map(Expectation::round);
        eprintln!("{}", round.map_or(estimate.clone(), |round| estimate.taking(round, 1)));
    }
    let memory_mib = memory_mib(arguments.memory);
    let started = Timestamp::now();
    let folder = folder(arguments.out.as_deref(), started, &format!("{}-model", plan.name))?;
    let mut recording = folder.recording()?;
    let mut port =
        modelled::start(plan, text, EventEngine::default(), memory_mib).map_err(Error::NoModel)?;
    let mut progress = Progress::new(shell.verbosity).expecting(expectation);
    let heard = listen(&mut port, Answer::Start, &mut recording, PATIENCE, &mut progress)?;
    drop(progress);
    let route = Route {
        machine: cli::Machine::Model.name().to_owned(),
        memory_mib: u32::try_from(memory_mib).ok(),
        ..Route::default()
    };
    let repeat = Some(arguments.repeated_on(&route.machine));
    let known = Circumstances::new("run", started, route, arguments.reference, shell);
    let circumstances = Circumstances { repeat, trace_sha256, ..known };
    conclude(&heard, &folder, circumstances)
}

fn refuse_what_boots(arguments: &cli::Run) -> Result<(), Error> {
    if arguments.boot.is_some() {
        return Err(Error::ModelBootsNothing("--boot"));
    }
    if arguments.firmware.is_some() {
        return Err(Error::ModelBootsNothing("--firmware"));
    }
    Ok(())
}

/// What the machine may take: what was asked for, if this host can give that much.
fn memory_mib(wanted: Option<u32>) -> u64 {
    let available = modelled::available_mib();
    wanted.map_or(available, |wanted| available.min(wanted.into()))
}
