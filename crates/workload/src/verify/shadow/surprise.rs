//! An answer that no correct VM gives.

use core::fmt;

use rmap::PageIndex;
use vm::{FaultRefused, MapError};

use super::answer::{Answer, Forecast};
use super::contents::Tag;
use super::refusals::{AccessErrors, MapErrors};

/// What the VM should not have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surprise {
    /// It did what it had to refuse.
    Mapped {
        /// With one of these.
        instead_of: MapErrors,
    },
    /// It refused, for the wrong reason or without one.
    MapRefused {
        /// Its reason.
        reason: MapError,
        /// The right ones.
        instead_of: MapErrors,
    },
    /// It chose the wrong pages.
    Placed {
        /// From here on.
        at: Option<PageIndex>,
        /// Rather than from here on.
        instead_of: Option<PageIndex>,
    },
    /// It allowed an access that it had to refuse.
    Accessed {
        /// With one of these.
        instead_of: AccessErrors,
    },
    /// It refused an access, for the wrong reason or without one.
    AccessRefused {
        /// Its reason.
        reason: FaultRefused,
        /// The right ones.
        instead_of: AccessErrors,
    },
    /// A page contains something else.
    Read {
        /// What was read.
        value: u64,
        /// What should have been.
        instead_of: Tag,
    },
    /// It answered a question that was not asked.
    Unrelated {
        /// The question.
        forecast: Forecast,
        /// The answer.
        answer: Answer,
    },
}

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapped { instead_of } => {
                write!(f, "it was done, but had to be refused with {instead_of}")
            }
            Self::MapRefused { reason, instead_of } if instead_of.is_empty() => {
                write!(f, "it was refused with {reason:?}, but had to be done")
            }
            Self::MapRefused { reason, instead_of } => {
                write!(f, "it was refused with {reason:?} instead of {instead_of}")
            }
            Self::Placed { at, instead_of } => {
                f.write_str("it went to ")?;
                place(f, *at)?;
                f.write_str(" instead of ")?;
                place(f, *instead_of)
            }
            Self::Accessed { instead_of } => {
                write!(f, "the access took place, but had to be refused with {instead_of}")
            }
            Self::AccessRefused { reason, instead_of } if instead_of.is_empty() => {
                write!(f, "the access was refused with {reason:?}, but had to take place")
            }
            Self::AccessRefused { reason, instead_of } => {
                write!(f, "the access was refused with {reason:?} instead of {instead_of}")
            }
            Self::Read { value, instead_of } => {
                write!(f, "the page contains {value:#x} instead of {instead_of}")
            }
            Self::Unrelated { forecast, answer } => {
                write!(f, "{answer:?} answers another question than {forecast:?}")
            }
        }
    }
}

fn place(f: &mut fmt::Formatter<'_>, page: Option<PageIndex>) -> fmt::Result {
    match page {
        Some(page) => write!(f, "page {:#x}", page.0),
        None => f.write_str("no page"),
    }
}
