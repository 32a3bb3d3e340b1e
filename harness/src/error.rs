//! What ends a command early, in one sentence that names the cause and the mend.

use std::io;
use std::path::{Path, PathBuf};

use crate::document::DocumentError;
use crate::exit::Exit;
use crate::guest::GuestError;
use crate::plan::PlanError;
use crate::port::PortError;
use crate::tools::ToolError;

/// Any of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan asks for what does not exist.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A program is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The guest could not be built or started.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// A result folder is no evidence.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The line could not be opened.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A file could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// `read`, `write`, `create`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `--out` names a folder that holds something.
    #[error("{} is not empty; name another folder with --out, or remove it", .0.display())]
    FolderInUse(PathBuf),
    /// OVMF does not know the PVH note.
    #[error("UEFI firmware cannot boot the kernel directly; use --boot iso with --firmware uefi")]
    DirectUefi,
    /// The modelled machine has nothing to boot.
    #[error("the modelled machine boots nothing; leave {0} out, or choose another --machine")]
    ModelBootsNothing(&'static str),
    /// A trace is replayed where it can be taken apart.
    #[error("a trace is replayed on the modelled machine only; leave --machine out")]
    TraceOfAGuest,
    /// A trace that is none.
    #[error("{}: {cause}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// Where it is wrong, what is wrong there, and the mend.
        cause: String,
    },
    /// A trace comes in place of workloads.
    #[error("a trace takes the place of the plan's workloads; leave --workloads or --trace out")]
    TraceAndWorkloads,
    /// A trace that needs more memory than there is to find out how much.
    #[error("{} needs more memory than the {most_mib} MiB that this host can spare; write a smaller trace", path.display())]
    TraceTooLarge {
        /// The file.
        path: PathBuf,
        /// As much was tried.
        most_mib: u64,
    },
    /// An event of a trace that makes no sense where it stands.
    #[error("{}: line {line}: under {scheme}, {why}; mend the events before it, or leave it out", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The scheme under which it happened.
        scheme: &'static str,
        /// Why it cannot happen.
        why: String,
    },
    /// The modelled machine has no socket or no thread.
    #[error("cannot start the modelled machine: {0}")]
    NoModel(io::Error),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
    /// Ctrl-C before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted,
}

impl Error {
    /// For `map_err` on what reads or writes `path`.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }

    /// The exit status that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Plan(_)
            | Self::Document(_)
            | Self::File { .. }
            | Self::FolderInUse(_)
            | Self::DirectUefi
            | Self::ModelBootsNothing(_)
            | Self::TraceOfAGuest
            | Self::Trace { .. }
            | Self::TraceAndWorkloads
            | Self::TraceTooLarge { .. }
            | Self::Refused { .. } => Exit::BadInput,
            Self::Tool(_) | Self::NoModel(_) => Exit::Missing,
            Self::Guest(error) => error.exit(),
            Self::Port(error) => error.exit(),
            Self::Stdout(_) => Exit::Failed,
            Self::Interrupted => Exit::Incomplete,
        }
    }
}
