//! Chores for contributors: `cargo xtask test` runs every check that decides whether a change lands.

mod aa;
mod boots;
mod fuzz;
mod miri;
mod steps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores for contributors.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Every test: formatting, lints, documentation, host tests, real boots. Installs what is missing.
    Test,
    /// Formatting, lints, documentation and host tests; no boots.
    Check,
    /// The host tests of `rmap` and `vm` under Miri, where a nightly toolchain has it.
    Miri,
    /// Compares a scheme with itself and with itself made 5 % slower, and counts right verdicts.
    Aa {
        /// How many comparisons.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
        seeds: u16,
        /// Rounds of each, two for a pair.
        #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u16).range(16..))]
        rounds: u16,
    },
    /// Hunts for bytes that make a reader of bytes panic, hang or hoard memory (docs/fuzzing.md).
    Fuzz {
        /// Only this target.
        target: Option<String>,
        /// For how long, each.
        #[arg(long, default_value_t = 600)]
        seconds: u32,
    },
    /// Real boots only.
    Boots {
        /// Only those whose name contains this.
        filter: Option<String>,
    },
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Arguments::parse().chore {
        Chore::Test => steps::install(&root)
            .and_then(|()| steps::check(&root))
            .and_then(|()| boots::run(&root, "")),
        Chore::Check => steps::check(&root),
        Chore::Miri => miri::run(&root),
        Chore::Aa { seeds, rounds } => aa::run(&root, seeds, rounds),
        Chore::Fuzz { target, seconds } => fuzz::run(&root, seconds, target.as_deref()),
        Chore::Boots { filter } => {
            steps::install(&root).and_then(|()| boots::run(&root, &filter.unwrap_or_default()))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

/// The project's root folder.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("xtask lies in the project's root").to_owned()
}
