//! Traces as files: read and checked before anything boots, written from workloads.

mod file;
mod needs;
mod write;

pub use file::TraceFile;
pub use needs::needs;
pub use write::write;
