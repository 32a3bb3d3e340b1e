//! `trace`: a workload's events as text; and how `run --trace` gets them back.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use runner::policy;

use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Draft, chosen_workload};
use crate::trace::{TraceFile, needs, write};

/// Carries `trace` out.
pub fn trace(arguments: &cli::Trace) -> Result<Exit, Error> {
    let (workload, parameters) = chosen_workload(&arguments.workload)?;
    match &arguments.out {
        Some(path) => {
            let file = File::create(path).map_err(Error::file("create", path))?;
            let written = write(workload, &parameters, BufWriter::new(file));
            written.map_err(Error::file("write", path))?;
        }
        None => match write(workload, &parameters, BufWriter::new(io::stdout().lock())) {
            // A reader that has left is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(Error::Stdout(error));
            }
            _ => {}
        },
    }
    Ok(Exit::Done)
}

/// What `run` is asked to measure, and the trace that it replays, if any.
pub fn draft(arguments: &cli::Run) -> Result<(Draft, Option<TraceFile>), Error> {
    if arguments.trace.is_some() && arguments.choice.workloads.is_some() {
        return Err(Error::TraceAndWorkloads);
    }
    let mut draft = arguments.choice.selection().draft()?;
    draft.knows(arguments.reference)?;
    let trace = arguments.trace.as_deref().map(|path| replayed(path, &mut draft)).transpose()?;
    Ok((draft, trace))
}

fn replayed(path: &Path, draft: &mut Draft) -> Result<TraceFile, Error> {
    let trace = TraceFile::read(path)?;
    let demand = needs(&trace, &draft.compared(), policy(draft.when_incomplete))?;
    draft.replay(&trace, demand);
    Ok(trace)
}
