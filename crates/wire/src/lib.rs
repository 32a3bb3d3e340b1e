//! The serial line's messages and framing, shared by guest and host.
//!
//! The guest's [`Record`]s form one byte stream, kept whole in the guest's memory. It travels in
//! pieces ([`GuestMessage::Data`]) inside [frames](encode_frame) that may be lost, doubled or
//! damaged; what did not arrive is asked for again by its place in the stream. The host speaks only
//! when a frame of the guest grants it a turn.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod frame;
mod frame_message;
pub mod guest;
mod plan;
mod record;
pub mod samples;
mod schema_key;

pub use frame::{Decoded, FrameDecoder, FrameTooLong, crc32c, encode_frame};
pub use frame_message::{Envelope, GuestMessage, Hole, HostMessage, Session, StreamOffset};
pub use guest::GuestLink;
pub use plan::{
    Activity, Full, HostPresence, MAX_PARAMETERS, MAX_PLAN, MAX_SCHEMES, MAX_WORDS, MAX_WORKLOADS,
    Name, Plan, PlanError, RAW_SAMPLES, SchemeSet, Trace, WhenIncomplete, Workload, Workloads,
};
pub use record::{Crash, Group, Memory, NotARecord, Record, Refusal, Value, unstuff};
pub use schema_key::{SCHEMA_KEY, Versions};

/// Version of the rules of conversation and of the code of [`samples`], which no schema key covers;
/// raised when they change.
pub const PROTOCOL_VERSION: u16 = 2;

/// The most bytes that a frame takes on the line, delimiters included.
pub const MAX_FRAME: usize = 512;

/// The most holes that one `Nak` names.
pub const MAX_HOLES: usize = 8;

/// The most bytes of the record stream; bounds what a host must be ready to hold.
pub const MAX_STREAM: u32 = 256 << 20;
