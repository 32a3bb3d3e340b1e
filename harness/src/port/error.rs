//! A line that cannot be opened.

use std::io;

use rfc2217::NotReady;

use super::{Baud, PortAddress};
use crate::exit::Exit;

/// Why not, and what would do.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The device or the peer is not there.
    #[error("cannot open {address}: {source}; {mend}")]
    NotOpened {
        /// What was asked for.
        address: PortAddress,
        /// Why.
        source: io::Error,
        /// What to do.
        mend: &'static str,
    },
    /// The console server does not set its serial line as it was asked to.
    #[error("cannot set {address} to {baud} baud, 8N1: {why}; {mend}")]
    NotSet {
        /// The console server.
        address: PortAddress,
        /// The rate that was asked for.
        baud: Baud,
        /// What it answered.
        why: NotReady,
        /// What to do.
        mend: &'static str,
    },
}

impl PortError {
    /// The exit status that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NotOpened { .. } | Self::NotSet { .. } => Exit::Missing,
        }
    }
}
