use proptest::prelude::*;
use wire::{Decoded, FrameDecoder, HostMessage};
use wire::{Envelope, GuestMessage, MAX_FRAME, Session, StreamOffset, Versions, encode_frame};

use super::{Answer, Notice, PlanBytes, Receiver};

fn frame_in(session: u32, sequence: u32, message: GuestMessage<'_>) -> Vec<u8> {
    let envelope = Envelope { session: Session(session), sequence, message };
    encode_frame(&envelope, &mut [0; MAX_FRAME]).expect("short").to_vec()
}

fn frame(sequence: u32, message: GuestMessage<'_>) -> Vec<u8> {
    frame_in(7, sequence, message)
}

fn hello_of(guest: Versions, plan_received: u32) -> GuestMessage<'static> {
    let Versions { protocol, schema_key } = guest;
    GuestMessage::Hello { protocol, schema_key, build_id: [1; 8], has_plan: false, plan_received }
}

fn hello() -> GuestMessage<'static> {
    hello_of(Versions::OURS, 0)
}

fn data(offset: u32, bytes: &[u8]) -> GuestMessage<'_> {
    GuestMessage::Data { offset: StreamOffset(offset), bytes }
}

fn turn(turn: u32, sent: u32) -> GuestMessage<'static> {
    GuestMessage::Turn { turn, sent: StreamOffset(sent) }
}

/// Whether the host answers these bytes, once and last of all.
fn is_answered(host: &mut Receiver, bytes: &[u8]) -> bool {
    let notices = host.push(bytes);
    let replies = notices.iter().filter(|notice| matches!(notice, Notice::Reply(_))).count();
    assert!(replies <= 1);
    assert_eq!(replies == 1, matches!(notices.last(), Some(Notice::Reply(_))));
    replies == 1
}

/// What the host answers, read by `look`.
fn answer<T>(host: &mut Receiver, bytes: &[u8], look: impl Fn(HostMessage<'_>) -> T) -> T {
    let Some(Notice::Reply(frame)) = host.push(bytes).pop() else { panic!("no answer") };
    let mut decoder = FrameDecoder::default();
    for byte in frame {
        if let Some(Decoded::Frame(payload)) = decoder.push(byte) {
            let envelope: Envelope<HostMessage<'_>> = postcard::from_bytes(payload).expect("ours");
            assert_eq!(envelope.session, Session(7));
            return look(envelope.message);
        }
    }
    panic!("no frame in the answer")
}

#[test]
fn the_host_is_mute_until_a_guest_grants_a_turn() {
    let mut host = Receiver::new(Answer::Start);
    assert!(!is_answered(&mut host, b"GRUB loading.\r\nWelcome to GRUB!\r\n\0\0\x05junk\0"));
    assert!(!is_answered(&mut host, &frame(0, data(0, b"abc"))));
    assert!(is_answered(&mut host, &frame(1, hello())));
    assert!(!is_answered(&mut host, &frame(2, data(3, b"abc"))));
}

#[test]
fn a_turn_is_answered_once() {
    let mut host = Receiver::new(Answer::Start);
    let bytes = frame(0, turn(1, 0));
    assert!(is_answered(&mut host, &bytes));
    assert!(!is_answered(&mut host, &bytes), "the line repeated it, the guest did not");
    assert!(is_answered(&mut host, &frame(1, turn(1, 0))), "the guest asks again");
}

#[test]
fn of_several_turns_read_at_once_the_last_is_answered() {
    let mut host = Receiver::new(Answer::Start);
    let bytes = [frame(0, turn(1, 0)), frame(1, turn(2, 0))].concat();
    assert!(answer(&mut host, &bytes, |message| matches!(
        message,
        HostMessage::Ack { turn: 2, .. }
    )));
}

#[test]
fn a_turn_that_the_guest_gave_up_is_not_answered() {
    let mut host = Receiver::new(Answer::Start);
    assert!(!is_answered(&mut host, &[frame(0, turn(1, 0)), frame(1, data(0, b"abc"))].concat()));
}

#[test]
fn a_recording_is_never_answered() {
    let mut host = Receiver::new(Answer::Silent);
    assert!(!is_answered(&mut host, &[frame(0, hello()), frame(1, turn(1, 9))].concat()));
}

#[test]
fn holes_are_named_fewer_each_time_the_answer_is_lost() {
    let mut host = Receiver::new(Answer::Start);
    for place in 1..=20 {
        host.push(&frame(place, data(place * 10, b"12345")));
    }
    let counts: Vec<usize> = (21..27)
        .map(|sequence| {
            answer(&mut host, &frame(sequence, turn(1, 300)), |message| match message {
                HostMessage::Nak { holes, .. } => holes.len(),
                other => panic!("{other:?}"),
            })
        })
        .collect();
    assert_eq!(counts, [8, 4, 2, 1, 1, 1]);
}

#[test]
fn both_versions_of_a_foreign_guest_are_reported_once_and_it_is_not_answered() {
    let guest = Versions { protocol: 2, schema_key: *b"stranger" };
    let mut host = Receiver::new(Answer::Start);
    let incompatible = Notice::Incompatible { guest, host: Versions::OURS };
    assert_eq!(host.push(&frame(0, hello_of(guest, 0))), [incompatible]);
    assert_eq!(host.push(&frame(1, hello_of(guest, 0))), []);
    assert_eq!(host.push(&frame(2, turn(1, 0))), []);
    assert!(!host.finish().complete);
}

#[test]
fn a_guest_that_asks_beyond_the_plan_is_sent_its_beginning() {
    let plan = PlanBytes(vec![1; 100]);
    let mut host = Receiver::new(Answer::Plan(plan));
    let offset = |message: HostMessage<'_>| match message {
        HostMessage::Plan { offset, bytes, .. } => (offset, bytes.len()),
        other => panic!("{other:?}"),
    };
    let ours = Versions::OURS;
    assert_eq!(answer(&mut host, &frame(0, hello_of(ours, 0)), offset), (0, 100));
    assert_eq!(answer(&mut host, &frame(1, hello_of(ours, 40)), offset), (40, 60));
    assert_eq!(answer(&mut host, &frame(2, hello_of(ours, u32::MAX)), offset), (0, 100));
}

#[test]
fn a_stream_with_a_wrong_crc_is_corrupt() {
    let mut host = Receiver::new(Answer::Start);
    host.push(&frame(0, data(0, b"\x02a\0")));
    let done = GuestMessage::Done { turn: 1, length: StreamOffset(3), crc: 0 };
    let notices = host.push(&frame(1, done));
    assert_eq!(notices[0], Notice::Corrupt);
    assert!(!host.finish().complete);
}

#[test]
fn the_last_frame_counts_even_without_its_last_zero() {
    let mut host = Receiver::new(Answer::Start);
    let bytes = frame(0, data(0, b"\x02a\0"));
    assert_eq!(host.push(&bytes[..bytes.len() - 1]), []);
    assert_eq!(host.finish().notices, [Notice::Joined, Notice::Record(b"a".to_vec())]);
}

fn any_message() -> impl Strategy<Value = (u32, u32, u8, u32, u32, Vec<u8>)> {
    let small = || prop_oneof![0..600_u32, any::<u32>()];
    (0..3_u32, small(), 0..5_u8, small(), small(), prop::collection::vec(0..4_u8, 0..300))
}

proptest! {
    #[test]
    fn a_hostile_guest_makes_nothing_panic_and_nothing_grow(
        messages in prop::collection::vec(any_message(), 0..60),
    ) {
        let mut host = Receiver::new(Answer::Start);
        let mut sent = 0;
        for (session, sequence, kind, a, b, bytes) in messages {
            let message = match kind {
                0 => hello_of(Versions::OURS, a),
                1 => turn(a, b),
                2 => GuestMessage::Done { turn: a, length: StreamOffset(b), crc: a },
                _ => data(a, &bytes),
            };
            let line = frame_in(session, sequence, message);
            sent += line.len();
            for notice in host.push(&line) {
                if let Notice::Record(record) = notice {
                    prop_assert!(record.len() <= sent);
                }
            }
        }
        let held: usize = host.finish().records_after_holes.iter().map(Vec::len).sum();
        prop_assert!(held <= sent);
    }
}
