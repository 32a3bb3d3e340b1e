//! The host's end of the serial line, without any I/O: bytes in, notices out. What comes off a
//! line is hostile; memory grows only with what really arrives and nothing here panics on it.

mod answer;
mod conversation;
mod notice;
mod portion;
mod receiver;
mod stream;
#[cfg(test)]
mod tests;

pub use answer::{Answer, PlanBytes};
pub use notice::{Ending, LinkCounters, Notice};
pub use receiver::Receiver;
