//! Where a cell's events come from: a workload that makes them up, or a trace that lists them.

use crate::{Demand, Event, Parameters, WorkloadId, trace};

/// What happens in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource<'t> {
    /// What a workload makes up.
    Workload {
        /// The workload.
        id: WorkloadId,
        /// Its parameters.
        parameters: Parameters,
    },
    /// What a trace lists.
    Trace(Trace<'t>),
}

/// A trace that has been read before, so that it is known to hold events and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace<'t> {
    /// One event a line ([`crate::trace`]); read anew, line by line, whenever it is replayed.
    pub text: &'t str,
    /// How many events.
    pub events: u64,
    /// The memory that they need ([`find_demand`](crate::find_demand)).
    pub demand: Demand,
}

impl<'t> Trace<'t> {
    /// Its events in order. A line that is none is passed over.
    pub fn events(&self) -> impl Iterator<Item = Event> + use<'t> {
        trace::events(self.text).filter_map(Result::ok)
    }
}

impl EventSource<'_> {
    /// What stands for a workload's id in results, where a trace was replayed.
    pub const TRACE: &'static str = "trace";

    /// A workload with these parameters.
    #[must_use]
    pub const fn workload(id: WorkloadId, parameters: Parameters) -> Self {
        Self::Workload { id, parameters }
    }

    /// The name in results.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Workload { id, .. } => id.name(),
            Self::Trace(_) => Self::TRACE,
        }
    }

    /// What tells it from others of that name, in results.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let (parameters, events) = match self {
            Self::Workload { parameters, .. } => (Some(parameters), None),
            Self::Trace(trace) => (None, Some(("events", trace.events))),
        };
        parameters.into_iter().flat_map(Parameters::iter).chain(events)
    }

    /// The memory that it needs.
    #[must_use]
    pub fn demand(&self) -> Demand {
        match self {
            Self::Workload { id, parameters } => id.demand(parameters),
            Self::Trace(trace) => trace.demand,
        }
    }
}
