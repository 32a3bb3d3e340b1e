//! The command line, part of the contract.

mod image;
mod machine;
mod trace;
mod verify;

pub use image::{Image, ImageKind};
pub use machine::Machine;
pub use trace::Trace;
pub use verify::Verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rmap::SchemeId;

use crate::document::Document;
use crate::plan::{DEFAULT, Selection};
use crate::port::{Baud, PortAddress};
use crate::tools::{Shell, Verbosity, WhenMissing};

/// Measures reverse-mapping schemes on bare page tables.
#[derive(Debug, Parser)]
#[command(name = "rmapbench", bin_name = "cargo rmapbench", version, after_help = EXIT_STATUS)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 done and complete; 1 what was measured failed (a check, a \
crash); 2 bad usage or bad input; 3 a tool or device is missing; 4 the result is incomplete, Ctrl-C \
included (saved).";

const RUN_EXAMPLES: &str = "Examples:
  cargo rmapbench run
  cargo rmapbench run --schemes scan,pte-next --workloads fork-touch
  cargo rmapbench run --schemes scan --workloads fork-exit:pages=65536:iterations=2 --memory 2G
  cargo rmapbench run --machine icount --boot direct --seed 7 --out /tmp/result
  cargo rmapbench run --firmware uefi -v
  cargo rmapbench run --machine model --plan quick
  cargo rmapbench run --plan mail-1998 --schemes scan,pte-next
  cargo rmapbench run --plan my-sweep.toml
  cargo rmapbench run --trace my.trace --machine icount";

const COLLECT_EXAMPLES: &str = "Examples:
  cargo rmapbench collect --port /dev/ttyUSB0
  cargo rmapbench collect --port /dev/ttyUSB0 --baud 921600 --wait
  cargo rmapbench collect --port tcp:console.lab:7001
  cargo rmapbench collect --port rfc2217:console.lab:7002 --baud 115200
  ipmitool sol activate | cargo rmapbench collect --port -
Start it before the machine: it stays mute until the guest says hello. Without --plan, --schemes,
--workloads, --skip, --rounds, --warm-up, --seed or --samples, the guest runs the plan that it has.";

const REPORT_EXAMPLES: &str = "Examples:
  cargo rmapbench run --plan mail-1998 --machine icount --out /tmp/exact
  cargo rmapbench run --plan mail-1998 --machine model --out /tmp/model
  cargo rmapbench report /tmp/exact /tmp/model --document mail-1998 -o docs/the-1998-mail.md
Results of different classes stand in tables of their own; one of class model is shown where no other is
given, and where the model has something to say of its own. Class emulated is refused.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, boot, measure, show the table, write the results.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Collect from a serial line what a booted machine measures.
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(Collect),
    /// Make an image that other machines boot: CD, stick, or network.
    #[command(after_help = image::EXAMPLES)]
    Image(Image),
    /// Compare random events under every scheme with what they should do.
    #[command(after_help = verify::EXAMPLES)]
    Verify(Verify),
    /// Write the events of a workload as a trace, to be replayed by `run --trace`.
    #[command(after_help = trace::EXAMPLES)]
    Trace(Trace),
    /// Decode a raw capture again.
    #[command(after_help = "Example:\n  cargo rmapbench replay bench-results/RUN/raw.bin")]
    Replay(Replay),
    /// Make a document from what was measured.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Report),
    /// What can be named on the command line.
    List {
        /// What to list.
        what: Listed,
    },
    /// What this host can run, what is missing, how to get it.
    Doctor,
}

/// What `list` lists.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Listed {
    /// Reverse-mapping schemes.
    Schemes,
    /// Workloads with their parameters.
    Workloads,
    /// Named plans.
    Plans,
    /// What a plan can run on.
    Machines,
}

/// How the guest boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Boot {
    /// From an ISO image by GRUB, as a PC boots it.
    Iso,
    /// The same kernel by QEMU's -kernel.
    Direct,
}

/// The firmware under the ISO image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Firmware {
    /// QEMU's own.
    Bios,
    /// OVMF, from the package of that name.
    Uefi,
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// What the plan runs on.
    #[arg(long, value_enum, default_value_t = Machine::Auto)]
    pub machine: Machine,
    /// How the guest boots; iso by default.
    #[arg(long, value_enum)]
    pub boot: Option<Boot>,
    /// The firmware under the ISO image; bios by default.
    #[arg(long, value_enum)]
    pub firmware: Option<Firmware>,
    /// What of the plan to run.
    #[command(flatten)]
    pub choice: Choice,
    /// Replay the events of this file in place of the plan's workloads (docs/traces.md).
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Memory of the machine, in M or G; by default what the plan needs and 512M at least, or for
    /// `model` what this host has to give.
    #[arg(long, value_name = "SIZE", value_parser = memory_mib)]
    pub memory: Option<u32>,
    /// The scheme with which the others are compared; the plan's first by default.
    #[arg(long, value_name = "SCHEME", value_parser = scheme)]
    pub reference: Option<SchemeId>,
    /// Folder for the results; a new one below bench-results by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not install what is missing: name the command and stop.
    #[arg(long)]
    pub no_install: bool,
    /// Show external commands and the guest's console.
    #[arg(short, long)]
    pub verbose: bool,
}

impl Run {
    /// What a user types to run the same on `machine`.
    #[must_use]
    pub fn repeated_on(&self, machine: &str) -> String {
        let trace = self.trace.as_ref().map(|file| format!(" --trace {}", file.display()));
        self.choice.repeated_on(machine) + &trace.unwrap_or_default()
    }
}

/// Which plan, and what of it.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// A named plan, or a file in TOML (docs/plans.md).
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub plan: Option<String>,
    /// Only these of the plan's schemes.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub schemes: Option<Vec<String>>,
    /// Only these workloads, with parameters that differ from the plan's: X:pages=4096:children=2,Y.
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    pub workloads: Option<Vec<String>>,
    /// Leave out these workloads under these schemes, such as a cell that crashed the last run.
    #[arg(long, value_name = "SCHEME/WORKLOAD", value_delimiter = ',')]
    pub skip: Option<Vec<String>>,
    /// How often each cell runs and counts; a machine that counts instructions repeats the plan's first
    /// round once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: Option<u16>,
    /// Rounds before those, which do not count.
    #[arg(long, value_name = "N")]
    pub warm_up: Option<u16>,
    /// Decides the order of cells.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many raw samples of each cell are kept; histograms count all of them in any case.
    #[arg(long, value_name = "N")]
    pub samples: Option<u32>,
}

impl Choice {
    /// As the plan module takes it.
    #[must_use]
    pub fn selection(&self) -> Selection {
        let Self { plan, schemes, workloads, skip, rounds, warm_up, seed, samples } = self.clone();
        Selection { plan, schemes, workloads, skip, rounds, warm_up, seed, raw_samples: samples }
    }

    /// What a user types to run the same on `machine`. Where results go is left out, so that equal runs
    /// name equal commands.
    #[must_use]
    pub fn repeated_on(&self, machine: &str) -> String {
        let Self { plan, schemes, workloads, skip, rounds, warm_up, seed, samples } = self;
        let plan = plan.as_deref().unwrap_or(DEFAULT);
        let listed = |flag: &str, names: &Option<Vec<String>>| {
            names.as_ref().map(|names| format!(" {flag} {}", names.join(",")))
        };
        let choices = [
            listed("--schemes", schemes),
            listed("--workloads", workloads),
            listed("--skip", skip),
            rounds.map(|rounds| format!(" --rounds {rounds}")),
            warm_up.map(|rounds| format!(" --warm-up {rounds}")),
            seed.map(|seed| format!(" --seed {seed}")),
            samples.map(|samples| format!(" --samples {samples}")),
        ];
        let choices: String = choices.into_iter().flatten().collect();
        format!("cargo rmapbench run --plan {plan} --machine {machine}{choices}")
    }

    /// Whether anything was chosen.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.plan.is_some()
            || self.schemes.is_some()
            || self.workloads.is_some()
            || self.skip.is_some()
            || self.rounds.is_some()
            || self.warm_up.is_some()
            || self.seed.is_some()
            || self.samples.is_some()
    }
}

/// `collect`
#[derive(Debug, Args)]
pub struct Collect {
    /// A device such as /dev/ttyUSB0, tcp:HOST:PORT, rfc2217:HOST:PORT, unix:PATH, or - for standard
    /// input.
    #[arg(long, value_name = "PORT")]
    pub port: PortAddress,
    /// Speed of a serial device or of a console server's line (rfc2217), in baud: a standard rate to
    /// 921600.
    #[arg(long, value_name = "N", default_value_t = Baud::USUAL)]
    pub baud: Baud,
    /// How long to look for a line that went away in mid-run; 0 ends at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub reconnect: u32,
    /// Wait for a device or peer that is not there yet, until Ctrl-C.
    #[arg(long)]
    pub wait: bool,
    /// A plan to send to the guest; without one the guest runs its own.
    #[command(flatten)]
    pub choice: Choice,
    /// The scheme with which the others are compared; the plan's first by default.
    #[arg(long, value_name = "SCHEME", value_parser = scheme)]
    pub reference: Option<SchemeId>,
    /// Folder for the results; a new one below bench-results by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show the guest's console.
    #[arg(short, long)]
    pub verbose: bool,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// The capture.
    #[arg(value_name = "RAW.bin")]
    pub capture: PathBuf,
    /// The scheme with which the others are compared; the plan's first by default.
    #[arg(long, value_name = "SCHEME", value_parser = scheme)]
    pub reference: Option<SchemeId>,
    /// Folder for the results; a new one below bench-results by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `report`
#[derive(Debug, Args)]
pub struct Report {
    /// Folders that `run` or `collect` wrote.
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// What to make of them.
    #[arg(long, value_enum)]
    pub document: Document,
    /// The file to write; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What to do about missing tools, for `--no-install` or its absence.
#[must_use]
pub const fn when_missing(no_install: bool) -> WhenMissing {
    if no_install { WhenMissing::Report } else { WhenMissing::Install }
}

/// The shell for `-v` or its absence.
#[must_use]
pub const fn shell(verbose: bool) -> Shell {
    Shell { verbosity: if verbose { Verbosity::Verbose } else { Verbosity::Normal } }
}

fn scheme(name: &str) -> Result<SchemeId, String> {
    name.parse().map_err(|_| "no such scheme; `cargo rmapbench list schemes` names them".to_owned())
}

/// Memory as it is written: `512M`, `2G`.
pub(crate) fn memory_mib(text: &str) -> Result<u32, String> {
    let (digits, factor) = match text.strip_suffix(['G', 'g']) {
        Some(digits) => (digits, 1024),
        None => (text.strip_suffix(['M', 'm']).unwrap_or(text), 1),
    };
    let number: u32 = digits.parse().map_err(|_| "write it as 512M or 2G".to_owned())?;
    let mib = number.checked_mul(factor).ok_or("that is more than a machine can have")?;
    if mib < 16 { Err("GRUB needs 16M at least".to_owned()) } else { Ok(mib) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Arguments, Choice, memory_mib};

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_run_names_the_command_that_repeats_it() {
        let nothing = Choice::default();
        assert_eq!(
            nothing.repeated_on("icount"),
            "cargo rmapbench run --plan quick --machine icount"
        );
        let schemes = Some(vec!["scan".to_owned(), "pte-next:link=4".to_owned()]);
        let some = Choice { plan: Some("mail-1998".to_owned()), schemes, seed: Some(7), ..nothing };
        let expected = "cargo rmapbench run --plan mail-1998 --machine model \
                        --schemes scan,pte-next:link=4 --seed 7";
        assert_eq!(some.repeated_on("model"), expected);
    }

    #[test]
    fn memory_is_read_in_m_and_g() {
        assert_eq!(memory_mib("512M"), Ok(512));
        assert_eq!(memory_mib("2G"), Ok(2048));
        assert_eq!(memory_mib("64"), Ok(64));
        for bad in ["", "M", "12X", "4G4", "5000000G", "8M"] {
            assert!(memory_mib(bad).is_err(), "{bad}");
        }
    }
}
