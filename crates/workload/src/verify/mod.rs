//! Random events against an independent model of the whole VM, and what makes a failure small enough
//! to understand.
//!
//! * [`Shadow`] is the judge: what every page of every process must contain, and which refusals are
//!   right.
//! * [`Generator`] invents events that collide.
//! * [`World`] applies an event to a VM and to the shadow, and compares.
//! * `shrink` and `regression` (feature `std`) turn a failing list into a test.

mod generator;
#[cfg(any(test, feature = "std"))]
mod regression;
mod shadow;
#[cfg(any(test, feature = "std"))]
mod shrink;
pub mod windows;
mod world;

pub use generator::Generator;
#[cfg(any(test, feature = "std"))]
pub use regression::{Failure, regression_test};
pub use shadow::{
    AccessErrors, AccessForecast, Answer, Forecast, Impossible, Lock, MOST_MIGRATIONS,
    MOST_OBJECTS, MOST_PROCESSES, MapErrors, MapForecast, OBJECT_PAGES, Shadow, Surprise, Tag,
    Told, Users,
};
#[cfg(any(test, feature = "std"))]
pub use shrink::shrink;
pub use world::{Applied, Mismatch, Settings, What, World};
