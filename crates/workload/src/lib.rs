//! Workloads: generators of events, the executor that applies them to a VM and times each, and the
//! cell that ties one scheme to one workload.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod cell;
mod counts;
mod demand;
mod event;
mod executor;
mod op;
mod outcome;
mod parameters;
mod recorder;
mod registry;
mod rehearsal;
mod schedule;
mod source;
pub mod trace;
pub mod verify;
mod workloads;

pub use cell::{Cell, CellFailure, CellReport, Count, CountGroup, Scratch, run_cell};
pub use counts::Counts;
pub use demand::Demand;
pub use event::{Event, FrameOperation, Object, Phase, Place, Primitive, Process, Source};
pub use executor::EventError;
pub use op::{Op, Unit};
pub use outcome::Outcome;
pub use parameters::{ParameterError, ParameterSpec, Parameters};
pub use recorder::{COUNTS, MOST_SURVEYS, PhaseTotals, Recorder, RecorderMemory, Sample, Timed};
pub use registry::{UnknownWorkload, WorkloadId};
pub use rehearsal::find_demand;
pub use schedule::{MAX_CELLS, Scheduled, schedule};
pub use source::{EventSource, Trace};
