//! `collect`: listen to a line.

use jiff::Timestamp;
use wire::{HostPresence, Plan};

use super::conclude::{Circumstances, conclude, folder};
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::link::{Answer, PlanBytes};
use crate::port::PortAddress;
use crate::progress::{ConsoleText, Progress};
use crate::results::Route;
use crate::session::{Patience, listen};

/// Somebody has to walk to the machine first, and nobody knows how long its cells take.
const PATIENCE: Patience = Patience { greeting: None, silence: None };

/// Carries `collect` out.
pub fn collect(arguments: &cli::Collect) -> Result<Exit, Error> {
    let shell = cli::shell(arguments.verbose);
    let answer = answer(arguments)?;
    let mut port = arguments.port.open(arguments.baud)?;
    let started = Timestamp::now();
    let kind = arguments.port.kind();
    let folder = folder(arguments.out.as_deref(), started, kind)?;
    let mut recording = folder.recording()?;
    let mut progress = Progress::new(ConsoleText::Shown);
    let heard = listen(&mut port, answer, &mut recording, PATIENCE, &mut progress)?;
    drop(progress);
    let route = Route { machine: kind.to_owned(), ..Route::default() };
    let reference = arguments.reference;
    conclude(&heard, &folder, Circumstances::new("collect", started, route, reference, shell))
}

fn answer(arguments: &cli::Collect) -> Result<Answer, Error> {
    if arguments.port == PortAddress::Stdin {
        return Ok(Answer::Silent);
    }
    if !arguments.choice.is_any() {
        return Ok(Answer::Start);
    }
    let draft = arguments.choice.selection().draft()?;
    draft.knows(arguments.reference)?;
    // A cable may be pulled, and the machine runs on.
    let plan = Plan { host: HostPresence::Uncertain, ..draft.plan()? };
    Ok(Answer::Plan(PlanBytes::from(&plan)))
}
