//! Chores for contributors: `cargo xtask test` runs every check that decides whether a change lands.

mod aa;
mod boots;
mod fuzz;
mod machines;
mod miri;
mod reproducible;
mod steps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use machines::Selection;

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
    Test {
        /// Tries every odd machine, not only the quick ones.
        #[arg(long)]
        machines: bool,
    },
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
    /// Makes the images of the last commit in two clones and compares them to the last byte.
    Reproducible,
    /// Odd machines only, of which `xtask/machines.toml` has the table.
    Machines {
        /// The one of this name, or those whose name contains it.
        filter: Option<String>,
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
        Chore::Test { machines } => {
            let selection = if machines { Selection::Named("") } else { Selection::Quick };
            steps::install(&root)
                .and_then(|()| steps::check(&root))
                .and_then(|()| boots::run(&root, ""))
                .and_then(|()| machines::run(&root, selection))
        }
        Chore::Check => steps::check(&root),
        Chore::Miri => miri::run(&root),
        Chore::Aa { seeds, rounds } => aa::run(&root, seeds, rounds),
        Chore::Reproducible => steps::install(&root).and_then(|()| reproducible::run(&root)),
        Chore::Machines { filter } => {
            let filter = filter.unwrap_or_default();
            steps::install(&root).and_then(|()| machines::run(&root, Selection::Named(&filter)))
        }
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
