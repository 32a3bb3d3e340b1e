//! Input as a list of pieces, and pieces as frames: a fuzzer guesses no CRC, so the frame around what it
//! made up is right.

use serde::ser::{Serialize, SerializeTuple, Serializer};
use wire::{MAX_FRAME, crc32c};

/// Cuts `input` into pieces: two bytes of length, then so many bytes, and again.
pub(crate) fn pieces(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length)) % (2 * MAX_FRAME);
        let (piece, rest) = rest.split_at(length.min(rest.len()));
        input = rest;
        Some(piece)
    })
}

/// What [`pieces`] cuts into `list`.
pub(crate) fn joined(list: &[Vec<u8>]) -> Vec<u8> {
    let piece = |piece: &Vec<u8>| [&(piece.len() as u16).to_le_bytes()[..], piece].concat();
    list.iter().flat_map(piece).collect()
}

/// The frame of `payload`, delimiters included. It may be longer than frames should be.
pub(crate) fn framed(payload: &[u8]) -> Vec<u8> {
    let checked = [payload, &crc32c(payload).to_le_bytes()].concat();
    let mut frame = vec![0];
    frame.extend(postcard::to_stdvec_cobs(&Verbatim(&checked)).expect("memory is all it takes"));
    frame
}

/// Bytes that stand in postcard as they are, without a length.
struct Verbatim<'b>(&'b [u8]);

impl Serialize for Verbatim<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}
