//! Whether two ends mean the same by the same bytes.

use postcard_schema::key::Key;

use crate::{Envelope, GuestMessage, HostMessage, PROTOCOL_VERSION, Plan, Record};

/// Everything that one end writes and the other reads.
type Vocabulary =
    (Envelope<GuestMessage<'static>>, Envelope<HostMessage<'static>>, Record<'static>, Plan);

/// A hash over the shapes of all messages, records and plans, field names included.
pub const SCHEMA_KEY: [u8; 8] = Key::for_path::<Vocabulary>("rmapbench/wire").to_bytes();

/// What has to agree before two ends can talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// [`PROTOCOL_VERSION`] of that end.
    pub protocol: u16,
    /// [`SCHEMA_KEY`] of that end.
    pub schema_key: [u8; 8],
}

impl Versions {
    /// Those of this build.
    pub const OURS: Self = Self { protocol: PROTOCOL_VERSION, schema_key: SCHEMA_KEY };

    /// Those that a frame's payload announces if it is a `Hello`, of whatever version: every
    /// `Hello` begins alike, however it goes on.
    pub fn announced(payload: &[u8]) -> Option<Self> {
        const HELLO: u32 = 0;
        type Prefix = (u32, u32, u32, u16, [u8; 8]);
        let (prefix, _rest) = postcard::take_from_bytes::<Prefix>(payload).ok()?;
        let (_session, _sequence, message, protocol, schema_key) = prefix;
        (message == HELLO).then_some(Self { protocol, schema_key })
    }
}

#[cfg(test)]
mod tests {
    use postcard_schema::{Schema, key::Key};

    use super::{SCHEMA_KEY, Versions};
    use crate::{Envelope, GuestMessage, Session, StreamOffset};

    fn payload(message: GuestMessage<'_>) -> Vec<u8> {
        let envelope = Envelope { session: Session(u32::MAX), sequence: 77, message };
        postcard::to_slice(&envelope, &mut [0; 64]).expect("a short message").to_vec()
    }

    #[test]
    fn a_hello_announces_its_versions_however_it_goes_on() {
        let theirs = Versions { protocol: 900, schema_key: *b"otherkey" };
        let mut hello = payload(GuestMessage::Hello {
            protocol: theirs.protocol,
            schema_key: theirs.schema_key,
            build_id: [9; 8],
            has_plan: true,
            plan_received: 0,
        });
        assert_eq!(Versions::announced(&hello), Some(theirs));
        hello.truncate(hello.len() - 10);
        assert_eq!(Versions::announced(&hello), Some(theirs));
    }

    #[test]
    fn nothing_else_announces_versions() {
        let turn = payload(GuestMessage::Turn { turn: 1, sent: StreamOffset(2) });
        assert_eq!(Versions::announced(&turn), None);
        assert_eq!(Versions::announced(b""), None);
    }

    #[test]
    fn a_changed_shape_changes_the_key() {
        #[derive(Schema)]
        #[expect(dead_code, reason = "only its shape counts")]
        struct Now {
            turn: u32,
        }
        #[derive(Schema)]
        #[expect(dead_code, reason = "only its shape counts")]
        struct Renamed {
            round: u32,
        }
        #[derive(Schema)]
        #[expect(dead_code, reason = "only its shape counts")]
        struct Widened {
            turn: u64,
        }
        let now = Key::for_path::<Now>("").to_bytes();
        assert_ne!(now, Key::for_path::<Renamed>("").to_bytes());
        assert_ne!(now, Key::for_path::<Widened>("").to_bytes());
        assert_ne!(SCHEMA_KEY, [0; 8]);
    }
}
