//! The events of a workload as a trace.

use std::io::{self, Write};

use workload::trace::Line;
use workload::{Parameters, WorkloadId};

/// Writes all events, after a comment that says whose they are.
pub fn write(workload: WorkloadId, parameters: &Parameters, mut to: impl Write) -> io::Result<()> {
    write!(to, "# cargo rmapbench trace {workload}")?;
    parameters.iter().try_for_each(|(name, value)| write!(to, ":{name}={value}"))?;
    writeln!(to)?;
    workload.for_each_event(parameters, |event| writeln!(to, "{}", Line(&event)))?;
    to.flush()
}
