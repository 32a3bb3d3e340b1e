//! What a guest has to know of a trace before it replays it. The host has found it out.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use super::SchemeSet;

/// A trace, whose text follows the plan in the boot module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Trace {
    /// Those of the plan's schemes under which it is replayed.
    pub schemes: SchemeSet,
    /// Bytes of its text.
    pub bytes: u32,
    /// How many events it has.
    pub events: u64,
    /// Pages in use at most, beside what is kept of processes and objects.
    pub pages: u64,
    /// Numbers of processes: 1 more than the highest.
    pub processes: u32,
    /// Numbers of files and segments: 1 more than the highest.
    pub objects: u32,
    /// Operations that are timed, at most.
    pub samples: u64,
    /// Pages on the swap device, at most.
    pub swap_slots: u32,
}
