//! Sets of reasons, and why some events are for nobody.

use core::fmt;

use vm::{FaultRefused, MapError};

use crate::{Object, Process};

/// Why an event cannot be asked of the VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The process does not exist.
    NoSuchProcess(Process),
    /// The process exists already.
    ProcessExists(Process),
    /// The world has fewer processes or objects.
    NumberTooLarge(u16),
    /// The object does not exist.
    NoSuchObject(Object),
    /// The object exists already.
    ObjectExists(Object),
    /// An object would have more pages than the shadow keeps.
    ObjectTooLarge(u64),
    /// A page outside the windows would be mapped.
    OutsideWindows,
    /// The page has no frame at present.
    NoFrame,
    /// The frame's migration was not begun by an event.
    NotMigrating,
    /// The frame was not pinned by an event.
    NotPinned,
    /// There is no room to remember another pin, migration or object.
    NoRoom,
    /// Timing a primitive is no part of a random world.
    Calibration,
    /// The event is of another kind.
    Unrelated,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProcess(process) => write!(f, "process {} does not exist", process.0),
            Self::ProcessExists(process) => write!(f, "process {} exists already", process.0),
            Self::NumberTooLarge(number) => write!(f, "number {number} is too large"),
            Self::NoSuchObject(object) => write!(f, "object {} does not exist", object.0),
            Self::ObjectExists(object) => write!(f, "object {} exists already", object.0),
            Self::ObjectTooLarge(pages) => write!(f, "an object cannot have {pages} pages"),
            Self::OutsideWindows => f.write_str("it maps pages outside the windows"),
            Self::NoFrame => f.write_str("no frame is there"),
            Self::NotMigrating => f.write_str("the frame is not being migrated"),
            Self::NotPinned => f.write_str("the frame is not pinned"),
            Self::NoRoom => f.write_str("too many pins, migrations or objects at once"),
            Self::Calibration => f.write_str("calibration is no part of a random world"),
            Self::Unrelated => f.write_str("it is an event of another kind"),
        }
    }
}

/// A set of [`MapError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapErrors(u8);

/// A set of [`FaultRefused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessErrors(u8);

macro_rules! set {
    ($set:ident of $item:ident { $($variant:ident),* }) => {
        impl $set {
            const ALL: &[$item] = &[$($item::$variant),*];

            /// Without any.
            pub(super) const NONE: Self = Self(0);

            /// Whether it has none.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether `item` is one of them.
            #[must_use]
            pub const fn contains(self, item: $item) -> bool {
                self.0 & (1 << item as u8) != 0
            }

            /// Adds `item` if `applies`.
            pub(super) fn add_if(&mut self, applies: bool, item: $item) {
                self.0 |= u8::from(applies) << item as u8;
            }

            /// The first of them.
            #[must_use]
            pub fn first(self) -> Option<$item> {
                Self::ALL.iter().copied().find(|item| self.contains(*item))
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut separator = "";
                for item in Self::ALL.iter().filter(|item| self.contains(**item)) {
                    write!(f, "{separator}{item:?}")?;
                    separator = " or ";
                }
                Ok(())
            }
        }
    };
}

set!(MapErrors of MapError { BadRange, Occupied, NotMapped, NoGap, BadMove, OutOfMemory });
set!(AccessErrors of FaultRefused { Segfault, OutOfMemory, BeyondEnd, Poisoned, Migrating });
