//! The modelled machine: an arena in a host process, real x86-64 tables in it, and a software TLB per
//! CPU.
//!
//! A real TLB hides a forgotten flush most of the time. This one never drops a translation by
//! itself: only a flush, a CR3 load or a fault on the page does, as the architecture promises no
//! less (Intel SDM vol. 3A, 5.10). Every use of a translation that the tables no longer back is
//! reported, so a forgotten flush is a failing test and not a stroke of luck.
//!
//! Memory runs out on demand, too: the model counts the places that allocate, and makes any one of
//! them fail.
#![forbid(unsafe_code)]

mod failure;
mod lock;
mod machine;
mod stale;
mod tlb;
mod translate;
mod walk;

pub use failure::AllocationPoint;
pub use machine::Model;
pub use stale::{StaleUse, Staleness};
