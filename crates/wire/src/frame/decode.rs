//! From bytes on the line to payloads, console text and damage.

use super::{CRC_LENGTH, crc32c};
use crate::MAX_FRAME;

/// What some bytes off the line were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// The payload of a frame whose CRC is right, without the CRC.
    Frame(&'a [u8]),
    /// What firmware or a boot loader wrote: UTF-8 without odd control characters.
    Text(&'a str),
    /// Bytes that are neither; how many.
    Damaged(usize),
}

/// Sorts the bytes of a line, in bounded memory.
///
/// Text is handed out at its line ends, yet stays in the buffer until a zero shows that it did not
/// open a frame: showing text early never costs a frame.
#[derive(Clone, Debug)]
pub struct FrameDecoder {
    /// The bytes since the last zero. A frame never fills it: its two delimiters stay outside.
    stretch: [u8; MAX_FRAME],
    length: usize,
    /// How much of the stretch was handed out as text.
    shown: usize,
    /// Whether the stretch already went past the longest frame.
    overlong: bool,
    payload: [u8; MAX_FRAME],
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self {
            stretch: [0; MAX_FRAME],
            length: 0,
            shown: 0,
            overlong: false,
            payload: [0; MAX_FRAME],
        }
    }
}

impl FrameDecoder {
    /// Takes one byte off the line.
    pub fn push(&mut self, byte: u8) -> Option<Decoded<'_>> {
        if byte == 0 {
            return self.finish();
        }
        self.stretch[self.length] = byte;
        self.length += 1;
        if self.length == MAX_FRAME {
            return self.give_up_frame();
        }
        if byte == b'\n' { self.show_line() } else { None }
    }

    /// Ends the stretch, as a zero does and as the end of the input must.
    pub fn finish(&mut self) -> Option<Decoded<'_>> {
        let stretch = &self.stretch[..core::mem::take(&mut self.length)];
        let shown = core::mem::take(&mut self.shown);
        if !core::mem::take(&mut self.overlong)
            && let Some(length) = open(stretch, &mut self.payload)
        {
            return Some(Decoded::Frame(&self.payload[..length]));
        }
        classify(&stretch[shown..])
    }

    fn give_up_frame(&mut self) -> Option<Decoded<'_>> {
        self.overlong = true;
        self.length = 0;
        classify(&self.stretch[core::mem::take(&mut self.shown)..])
    }

    /// A blank line waits for what follows: the first byte of a frame may look like one.
    fn show_line(&mut self) -> Option<Decoded<'_>> {
        let line = as_text(&self.stretch[self.shown..self.length])?;
        if self.shown == 0 && !self.overlong && line.trim().is_empty() {
            return None;
        }
        self.shown = self.length;
        if self.overlong {
            self.length = 0;
            self.shown = 0;
        }
        Some(Decoded::Text(line))
    }
}

/// Takes COBS and CRC off; the length of the payload if both are right.
fn open(stretch: &[u8], payload: &mut [u8; MAX_FRAME]) -> Option<usize> {
    let length = cobs::decode(stretch, payload).ok()?;
    let (content, crc) = payload[..length].split_last_chunk::<CRC_LENGTH>()?;
    (u32::from_le_bytes(*crc) == crc32c(content)).then_some(content.len())
}

fn classify(bytes: &[u8]) -> Option<Decoded<'_>> {
    if bytes.is_empty() {
        return None;
    }
    Some(as_text(bytes).map_or(Decoded::Damaged(bytes.len()), Decoded::Text))
}

/// The bytes as console text. Escapes and backspaces pass: consoles draw with them.
fn as_text(bytes: &[u8]) -> Option<&str> {
    const DRAWING: &[char] = &['\t', '\n', '\r', '\x07', '\x08', '\x0C', '\x1B'];
    let text = core::str::from_utf8(bytes).ok()?;
    text.chars().all(|c| !c.is_control() || DRAWING.contains(&c)).then_some(text)
}
