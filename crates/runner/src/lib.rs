//! From a plan to cells to records: what the unikernel and the modelled machine do alike.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod memory;
mod quick;
mod report;
mod resolve;
mod run;
mod sink;
pub mod verify;

pub use memory::{ScratchSizes, log_bytes, machine_bytes};
pub use quick::quick;
pub use resolve::{Resolved, policy, resolve};
pub use run::run;
pub use sink::Sink;
