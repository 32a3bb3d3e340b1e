//! What the link tells the tool.

use std::ops::Range;

use serde::Serialize;
use wire::Versions;

/// Something came off the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Firmware, a boot loader or the guest wrote plain text.
    ConsoleText(String),
    /// The guest said `Hello` for the first time.
    Greeted {
        /// Its [`wire::PROTOCOL_VERSION`].
        protocol: u16,
        /// Its [`wire::SCHEMA_KEY`].
        schema_key: [u8; 8],
        /// The first bytes of its build id.
        build_id: [u8; 8],
        /// Whether it brought a plan along.
        has_plan: bool,
    },
    /// A guest that was already running was picked up; its `Hello` was not heard.
    Joined,
    /// The guest speaks another version. Nothing more will be understood.
    Incompatible {
        /// What the guest speaks.
        guest: Versions,
        /// What this tool speaks.
        host: Versions,
    },
    /// The guest booted again: what came before belongs to a run that has no end.
    GuestRestarted,
    /// Send these bytes now; the guest listens.
    Reply(Vec<u8>),
    /// The next record of the stream, nothing missing before it ([`wire::Record::decode`]).
    Record(Vec<u8>),
    /// The whole stream is here and its CRC is right. The guest repeats `Done` until it hears the
    /// answer, so go on until it falls silent.
    Complete,
    /// The whole stream is here and its CRC is wrong.
    Corrupt,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether the stream is whole and verified.
    pub complete: bool,
    /// What is missing of the stream, in bytes from its start. A stream of unknown length may lack more
    /// at its end.
    pub missing: Vec<Range<u32>>,
    /// The length of the stream, if its `Done` came.
    pub length: Option<u32>,
    /// What the last bytes still held; no reply among it.
    pub notices: Vec<Notice>,
    /// Records that stand behind a hole, in order.
    pub records_after_holes: Vec<Vec<u8>>,
    /// What the line went through.
    pub counters: LinkCounters,
}

/// What the line went through, over all guests heard on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounters {
    /// Bytes received.
    pub bytes: u64,
    /// Frames received whole.
    pub frames: u64,
    /// Frames that the guest numbered and that never arrived whole.
    pub lost_frames: u64,
    /// Frames that arrived again or late, as a line does that repeats what it carried.
    pub repeated_frames: u64,
    /// Frames with a right CRC and a content that makes no sense.
    pub senseless_frames: u64,
    /// Stretches that were neither frame nor text.
    pub damaged_stretches: u64,
    /// Bytes of console text.
    pub text_bytes: u64,
    /// Stream bytes that were already here.
    pub duplicate_bytes: u64,
    /// Stream bytes that arrived later than some that follow them.
    pub repaired_bytes: u64,
    /// Frames sent to the guest.
    pub replies: u64,
    /// Replies that asked for something again.
    pub naks: u64,
    /// Records that were no COBS.
    pub bad_records: u64,
    /// Times that the guest booted again.
    pub restarts: u64,
}
