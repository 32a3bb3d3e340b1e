//! What the shadow expects of the VM, and what the VM says.

use rmap::PageIndex;
use vm::{FaultRefused, MapError};

use super::access::AccessForecast;
use super::contents::Tag;
use super::mapping::MapForecast;

/// What the VM may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// That it is done, or that memory ran out.
    Always,
    /// As the mapping family answers.
    Map(MapForecast),
    /// As an access answers.
    Access(AccessForecast),
}

/// What the VM answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// Memory ran out, so it is not.
    OutOfMemory,
    /// Of the mapping family; with the first page, where the VM chose it.
    Map(Result<Option<PageIndex>, MapError>),
    /// Of an access: what was read.
    Access(Result<u64, FaultRefused>),
}

impl Forecast {
    /// The answer of a VM that never runs out of anything, to an event whose write leaves `tag`.
    #[must_use]
    pub fn ideal(&self, tag: Tag) -> Answer {
        match self {
            Self::Always => Answer::Done,
            Self::Map(forecast) => Answer::Map(forecast.ideal()),
            Self::Access(forecast) => Answer::Access(forecast.ideal(tag)),
        }
    }
}
