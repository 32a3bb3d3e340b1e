//! From a message to the bytes on the line.

use core::fmt;

use postcard::ser_flavors::{Cobs, Slice, crc::CrcModifier};
use serde::Serialize;

use super::{CRC_32C, CRC_LENGTH};
use crate::{Envelope, GuestMessage, MAX_FRAME, Session, StreamOffset};

/// The most bytes between two overhead bytes of COBS.
const COBS_BLOCK: usize = 254;

/// A message that does not fit [`MAX_FRAME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLong;

impl fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message takes more than {MAX_FRAME} bytes on the line")
    }
}

impl core::error::Error for FrameTooLong {}

/// Writes the envelope's frame, delimiters included, to the start of `frame`.
///
/// # Errors
/// The message is too long for one frame.
pub fn encode_frame<'f, M: Serialize>(
    envelope: &Envelope<M>,
    frame: &'f mut [u8; MAX_FRAME],
) -> Result<&'f [u8], FrameTooLong> {
    let (opening, body) = frame.split_at_mut(1);
    opening[0] = 0;
    let length = write_body(envelope, body).map_err(|_| FrameTooLong)?;
    Ok(&frame[..=length])
}

/// Writes all but the opening delimiter; postcard's COBS adds the closing one.
fn write_body<M: Serialize>(envelope: &Envelope<M>, body: &mut [u8]) -> postcard::Result<usize> {
    let stuffed = Cobs::try_new(Slice::new(body))?;
    let checked = CrcModifier::new(stuffed, CRC_32C.digest());
    postcard::serialize_with_flavor(envelope, checked).map(|written| written.len())
}

/// How many bytes of the stream a `Data` frame carries if it may take `limit` bytes on the line.
/// At least 1, so that a sender always gets on.
pub(crate) fn data_capacity(
    session: Session,
    sequence: u32,
    offset: StreamOffset,
    limit: usize,
) -> usize {
    let message = GuestMessage::Data { offset, bytes: &[] };
    let empty = Envelope { session, sequence, message };
    let header =
        postcard::experimental::serialized_size(&empty).expect("counting bytes needs no room");
    let stuffed = limit.saturating_sub(2);
    let payload = stuffed.saturating_sub(1 + stuffed / (COBS_BLOCK + 1));
    let capacity = payload.saturating_sub(CRC_LENGTH + header);
    // The length is counted as one byte above; from 128 on it takes two.
    let capacity = if capacity > 0x7F { capacity - 1 } else { capacity };
    capacity.max(1)
}
