//! `replay`: decode a raw capture again.

use std::fs::File;

use jiff::Timestamp;

use super::conclude::{Circumstances, conclude, folder};
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::link::Answer;
use crate::port::Port;
use crate::progress::Progress;
use crate::results::Route;
use crate::session::{Patience, listen};
use crate::tools::Verbosity;

/// A file ends by itself.
const PATIENCE: Patience = Patience { greeting: None, silence: None };

/// Carries `replay` out.
pub fn replay(arguments: &cli::Replay) -> Result<Exit, Error> {
    let path = &arguments.capture;
    let file = File::open(path).map_err(Error::file("read", path))?;
    let started = Timestamp::now();
    let folder = folder(arguments.out.as_deref(), started, "replay")?;
    let mut recording = folder.recording()?;
    let mut port = Port::one_way(file);
    let mut progress = Progress::new(Verbosity::Normal);
    let heard = listen(&mut port, Answer::Silent, &mut recording, PATIENCE, &mut progress)?;
    drop(progress);
    let route = Route { machine: "replay".to_owned(), ..Route::default() };
    let shell = cli::shell(false);
    let reference = arguments.reference;
    conclude(&heard, &folder, Circumstances::new("replay", started, route, reference, shell))
}
