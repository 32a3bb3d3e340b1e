//! One file per command, and what they have in common.

mod boot;
mod collect;
mod conclude;
mod doctor;
mod image;
mod list;
mod replay;
mod report;
mod run;
mod run_modelled;
mod trace;
mod verify;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::{Command, Machine};
use crate::error::Error;
use crate::exit::Exit;

/// Carries out a command.
pub fn run(command: Command) -> Result<Exit, Error> {
    match command {
        Command::Run(arguments) if arguments.machine == Machine::Model => {
            run_modelled::run(&arguments)
        }
        Command::Run(arguments) => run::run(&arguments),
        Command::Image(arguments) => image::image(&arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Collect(arguments) => collect::collect(&arguments),
        Command::Trace(arguments) => trace::trace(&arguments),
        Command::Replay(arguments) => replay::replay(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::List { what } => list::list(what),
        Command::Doctor => doctor::doctor(),
    }
}

/// The project's root folder.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("the harness lies in the project's root").to_owned()
}

/// Writes to standard output; a reader that has left is no error.
fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Stdout(error)),
        _ => Ok(()),
    }
}
