//! `trace` on the command line.

use std::path::PathBuf;

use clap::Args;

/// Shown below the help.
pub(super) const EXAMPLES: &str = "Examples:
  cargo rmapbench trace fork-exit:pages=64:children=2 -o small.trace
  cargo rmapbench trace prefork | grep -c fork
  cargo rmapbench run --trace small.trace --schemes scan,pte-next
  cargo rmapbench verify --trace small.trace
A trace has one event a line, such as `fork 0 -> 3` or `touch 0 0x10005 write`; docs/traces.md
has all. Edit it, or write your own: `run --trace` names line and column of what it cannot read.";

/// `trace`
#[derive(Debug, Args)]
pub struct Trace {
    /// The workload, with parameters that differ from their defaults (`rmapbench list workloads`).
    #[arg(value_name = "WORKLOAD[:parameter=value...]")]
    pub workload: String,
    /// The file to write; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
