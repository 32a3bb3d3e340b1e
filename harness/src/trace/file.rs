//! The file of a trace.

use std::fs;
use std::path::{Path, PathBuf};

use workload::Event;
use workload::trace::events;

use crate::error::Error;
use crate::guest::sha256;

/// A trace that holds events and nothing else.
#[derive(Clone, Debug)]
pub struct TraceFile {
    /// Where it is.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
    /// How many events it has.
    pub event_count: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl TraceFile {
    /// Reads and checks the file at `path`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
        let wrong = |cause: String| Error::Trace { path: path.to_owned(), cause };
        let mut event_count = 0;
        for event in events(&text) {
            event.map_err(|error| wrong(error.to_string()))?;
            event_count += 1;
        }
        if event_count == 0 {
            return Err(wrong("there is no event in it; see `rmapbench trace --help`".to_owned()));
        }
        let sha256 = sha256(text.as_bytes());
        Ok(Self { path: path.to_owned(), text, event_count, sha256 })
    }

    /// Its events in order.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        events(&self.text).filter_map(Result::ok)
    }
}
