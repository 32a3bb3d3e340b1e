//! The serial line's messages and framing, shared by guest and host.
//!
//! `0x00 | COBS(postcard(Envelope) | CRC-32C) | 0x00`, at most [`MAX_FRAME`] bytes.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod frame_message;
mod plan;
mod record;

pub use frame_message::{Envelope, GuestMessage, Hole, HostMessage, Session, StreamOffset};
pub use plan::{HostPresence, MAX_LISTED, Name, Parameter, Plan, WhenIncomplete, WorkloadSpec};
pub use record::{Crash, Group, Record, Refusal, Value};

/// Version of the rules of conversation; raised when they change.
pub const PROTOCOL_VERSION: u16 = 1;

/// The most bytes that a frame takes on the line, delimiters included.
pub const MAX_FRAME: usize = 512;

/// The most holes that one `Nak` names.
pub const MAX_HOLES: usize = 8;
