//! What one frame on the line says. Frames may be lost, doubled or repeated; records may not: they
//! travel as one byte stream, cut into `Data` frames of any size and repaired from the guest's log.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Which boot of which guest a frame belongs to; drawn by the guest at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Session(pub u32);

impl Session {
    /// A session from whatever differs from boot to boot. It takes three bytes in a frame, and its
    /// second byte follows none in UTF-8, so that no beginning of a frame looks like console text.
    pub const fn draw(entropy: u32) -> Self {
        const THREE_BYTES: u32 = 1 << 20;
        const NO_UTF8: u32 = 1 << 13;
        Self(entropy & (THREE_BYTES - 1) | THREE_BYTES | NO_UTF8)
    }
}

/// A place in the guest's record stream, in bytes from its start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema,
)]
pub struct StreamOffset(pub u32);

/// Guest to host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum GuestMessage<'a> {
    /// "I am here; speak." Repeated until answered. Grants a turn.
    Hello {
        /// [`crate::PROTOCOL_VERSION`] of the guest.
        protocol: u16,
        /// [`crate::SCHEMA_KEY`] of the guest: the shapes of all messages and records, hashed.
        schema_key: [u8; 8],
        /// First bytes of the ELF's build id.
        build_id: [u8; 8],
        /// Whether the guest brought a plan along.
        has_plan: bool,
        /// How many bytes of a plan sent over the wire have arrived without a hole.
        plan_received: u32,
    },
    /// A piece of the record stream.
    Data {
        /// Where the piece belongs.
        offset: StreamOffset,
        /// The piece.
        bytes: &'a [u8],
    },
    /// "All before `sent` is sent; answer with Ack or Nak." Grants a turn.
    Turn {
        /// Counts turns, so that an answer names its question.
        turn: u32,
        /// End of what was sent so far.
        sent: StreamOffset,
    },
    /// "The run is over." Repeated until acknowledged to the end. Grants a turn.
    Done {
        /// As in `Turn`.
        turn: u32,
        /// Length of the whole stream.
        length: StreamOffset,
        /// CRC-32C of the whole stream.
        crc: u32,
    },
}

/// Host to guest; spoken only in a turn that the guest granted, one frame a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum HostMessage<'a> {
    /// "Run the plan you have."
    Start,
    /// A chunk of a plan ([`crate::Plan`] in postcard); the answer to `Hello`.
    Plan {
        /// Bytes in the whole plan.
        total: u16,
        /// CRC-32C of the whole plan.
        crc: u32,
        /// Where this chunk belongs.
        offset: u16,
        /// The chunk.
        bytes: &'a [u8],
    },
    /// "I have everything before `upto`."
    Ack {
        /// The turn that this answers.
        turn: u32,
        /// End of the gapless part.
        upto: StreamOffset,
    },
    /// "Send these again."
    Nak {
        /// The turn that this answers.
        turn: u32,
        /// End of the gapless part.
        upto: StreamOffset,
        /// The first holes, at most [`crate::MAX_HOLES`].
        holes: heapless::Vec<Hole, 8>,
    },
}

/// A stretch of the stream that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Hole {
    /// Where it starts.
    pub offset: StreamOffset,
    /// Its length in bytes.
    pub length: u32,
}

/// What every frame carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Envelope<M> {
    /// Whose frame this is.
    pub session: Session,
    /// Counts frames sent from this end, repeats included: shows loss and doubling.
    pub sequence: u32,
    /// The message.
    pub message: M,
}
