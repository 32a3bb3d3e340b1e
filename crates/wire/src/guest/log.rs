//! Everything the guest said, kept to the end: whatever is lost on the line is sent again from here.

use core::fmt;

use crate::{MAX_STREAM, Record, StreamOffset, crc32c};

/// Room that only a `Crash` may use: 18 registers, 16 return addresses and a message, each at its
/// longest.
const LAST_WORDS: usize = 1024;

/// The log has no room for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFull;

impl fmt::Display for LogFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log in the guest's memory is full")
    }
}

impl core::error::Error for LogFull {}

/// The record stream: COBS(postcard(record)) and a zero, one after another.
#[derive(Debug)]
pub(super) struct Log<'log> {
    room: &'log mut [u8],
    written: usize,
}

impl<'log> Log<'log> {
    pub(super) fn new(room: &'log mut [u8]) -> Self {
        let most = room.len().min(MAX_STREAM as usize);
        Self { room: &mut room[..most], written: 0 }
    }

    pub(super) fn append(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        let kept_back = if matches!(record, Record::Crash(_)) { 0 } else { LAST_WORDS };
        let end = self.room.len().saturating_sub(kept_back);
        let free = self.room.get_mut(self.written..end).ok_or(LogFull)?;
        let added = postcard::to_slice_cobs(record, free).map_err(|_| LogFull)?;
        self.written += added.len();
        Ok(())
    }

    pub(super) fn length(&self) -> usize {
        self.written
    }

    /// At most `most` bytes from `start` on, up to `end`.
    pub(super) fn piece(&self, start: usize, end: usize, most: usize) -> &[u8] {
        &self.room[start..end.min(start + most)]
    }

    pub(super) fn crc(&self) -> u32 {
        crc32c(&self.room[..self.written])
    }
}

/// A place in the log as the wire tells it; the log is shorter than [`MAX_STREAM`].
pub(super) fn offset(place: usize) -> StreamOffset {
    StreamOffset(place as u32)
}
