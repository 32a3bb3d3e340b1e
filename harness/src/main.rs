//! The command `rmapbench`.

use std::process::ExitCode;

use clap::Parser;
use harness::cli::Arguments;
use harness::{commands, interrupt};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    interrupt::install();
    match commands::run(arguments.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("rmapbench: {error}");
            error.exit().into()
        }
    }
}
