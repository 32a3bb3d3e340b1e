//! Framing: `0x00 | COBS(payload | CRC-32C, little endian) | 0x00`. COBS takes the zeros out of a
//! frame, so that a zero always separates and a receiver is in step again at the next one.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::{Decoded, FrameDecoder};
pub(crate) use encode::data_capacity;
pub use encode::{FrameTooLong, encode_frame};

use crc::{CRC_32_ISCSI, Crc};

static CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Bytes of the CRC at the end of a frame's payload.
const CRC_LENGTH: usize = size_of::<u32>();

/// CRC-32C (Castagnoli), the one of frames, plans and the whole stream.
pub fn crc32c(bytes: &[u8]) -> u32 {
    CRC_32C.checksum(bytes)
}
