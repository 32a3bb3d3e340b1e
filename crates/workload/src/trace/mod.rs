//! Traces: lists of events as text that people can read and edit, one event a line.
//!
//! ```text
//! # process, first page + pages
//! spawn 0
//! mmap 0 0x10000+16 fixed private rw small
//! touch 0 0x10005 write
//! fork 0 -> 3
//! frame migrate 3 0x10005
//! ```
//!
//! Numbers are decimal or, after `0x`, hexadecimal. What follows a `#` is a comment, and blank lines
//! mean nothing. [`Line`] prints an event, [`events`] reads them back: exactly the same ones.

mod error;
mod print;
mod read;
mod tokens;

pub use error::{Expected, TraceError};
pub use print::Line;
pub use read::{event, events};

#[cfg(test)]
mod tests;
