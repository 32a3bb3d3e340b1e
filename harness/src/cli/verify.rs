//! `verify` on the command line.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::Machine;

/// Shown below the help.
pub(super) const EXAMPLES: &str = "Examples:
  cargo rmapbench verify
  cargo rmapbench verify --events 10000000 --seed 7
  cargo rmapbench verify --schemes pte-next --check-every 1000
  cargo rmapbench verify --machine tcg --events 500000
  cargo rmapbench verify --trace failing.trace
A mismatch ends with status 1. On the model, it is shrunk to the fewest events that show it, printed
as a trace and as a test to paste.";

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Random events in total, shared evenly by the schemes.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
    /// Decides the events, and for a trace in which of the worlds they happen.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What the events happen on.
    #[arg(long, value_enum, default_value_t = Machine::Model)]
    pub machine: Machine,
    /// Only these schemes.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub schemes: Option<Vec<String>>,
    /// CPUs that take part.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = one_cpu)]
    pub cpus: u16,
    /// Replay the events of this file instead.
    #[arg(long, value_name = "FILE", conflicts_with = "events")]
    pub trace: Option<PathBuf>,
    /// After how many events everything is compared with the oracle.
    #[arg(long, value_name = "N", default_value = "1")]
    pub check_every: NonZeroU32,
    /// File for the shrunk events of a mismatch, to be replayed with --trace.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not install what is missing: name the command and stop.
    #[arg(long)]
    pub no_install: bool,
    /// Show external commands and the guest's console.
    #[arg(short, long)]
    pub verbose: bool,
}

fn one_cpu(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(1) => Ok(1),
        _ => Err("events happen on one CPU; write 1 or leave it out".to_owned()),
    }
}
