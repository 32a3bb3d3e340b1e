//! `collect`: listen to a line.

use std::time::Duration;

use jiff::Timestamp;
use wire::{HostPresence, Plan};

use super::conclude::{Circumstances, conclude, folder};
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::link::{Answer, PlanBytes};
use crate::port::{Opening, PersistentPort, Port, PortAddress, PortError};
use crate::progress::{ConsoleText, Progress};
use crate::results::{Folder, Route};
use crate::session::{Patience, listen};

/// Somebody has to walk to the machine first, and nobody knows how long its cells take.
const PATIENCE: Patience = Patience { greeting: None, silence: None };

/// How often Ctrl-C is looked at while the line is being opened.
const TICK: Duration = Duration::from_millis(100);

/// Carries `collect` out.
pub fn collect(arguments: &cli::Collect) -> Result<Exit, Error> {
    let shell = cli::shell(arguments.verbose);
    let answer = answer(arguments)?;
    Folder::check(arguments.out.as_deref())?;
    let reconnect = Duration::from_secs(arguments.reconnect.into());
    let (address, baud) = (arguments.port.clone(), arguments.baud);
    let mut port = PersistentPort::new(open(arguments)?, address, baud, reconnect);
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

/// Opens the line; with `--wait`, as soon as it is there.
fn open(arguments: &cli::Collect) -> Result<Port, Error> {
    let opening = Opening::begin(arguments.port.clone(), arguments.baud);
    let mut waiting = false;
    while !interrupt::requested() {
        match opening.poll(TICK) {
            Some(Ok(port)) => return Ok(port),
            Some(Err(PortError::NotOpened { address, source, .. })) if arguments.wait => {
                if !waiting {
                    eprintln!("rmapbench: {address} is not there yet ({source}); waiting for it");
                }
                waiting = true;
            }
            Some(Err(error)) => return Err(error.into()),
            None => {}
        }
    }
    Err(Error::Interrupted)
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
