//! The runner's way out.

use wire::Record;

/// Where records go.
pub trait Sink {
    /// Why a record could not be kept.
    type Error;

    /// Keeps a record. Called between timed regions only.
    ///
    /// # Errors
    /// There is no room for it.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Self::Error>;

    /// Nothing is being timed and more is to come: a time to transmit.
    fn pause(&mut self) {}

    /// A cell is about to run: remembered, so that a crash can name it.
    fn cell_begins(&mut self, _cell: u32) {}

    /// A cell is over: the time to transmit.
    fn cell_ended(&mut self) {}
}
