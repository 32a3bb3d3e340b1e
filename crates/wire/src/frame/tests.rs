use proptest::prelude::*;

use super::{Decoded, FrameDecoder, data_capacity, encode_frame};
use crate::{Envelope, GuestMessage, MAX_FRAME, Session, StreamOffset};

fn data(offset: u32, bytes: &[u8]) -> Envelope<GuestMessage<'_>> {
    let message = GuestMessage::Data { offset: StreamOffset(offset), bytes };
    Envelope { session: Session(0x0012_3456), sequence: 300, message }
}

fn frame_of(envelope: &Envelope<GuestMessage<'_>>) -> Vec<u8> {
    encode_frame(envelope, &mut [0; MAX_FRAME]).expect("a short message").to_vec()
}

/// What a decoder makes of some bytes, to the end of the input.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    payloads: Vec<Vec<u8>>,
    text: String,
    damaged: usize,
}

impl Heard {
    fn note(&mut self, decoded: Decoded<'_>) {
        match decoded {
            Decoded::Frame(payload) => self.payloads.push(payload.to_vec()),
            Decoded::Text(text) => self.text.push_str(text),
            Decoded::Damaged(bytes) => self.damaged += bytes,
        }
    }
}

fn hear(bytes: &[u8]) -> Heard {
    let mut decoder = FrameDecoder::default();
    let mut heard = Heard::default();
    for &byte in bytes {
        if let Some(decoded) = decoder.push(byte) {
            heard.note(decoded);
        }
    }
    if let Some(decoded) = decoder.finish() {
        heard.note(decoded);
    }
    heard
}

#[test]
fn text_without_any_zero_passes_line_by_line() {
    let mut decoder = FrameDecoder::default();
    let (mut sent, mut heard) = (String::new(), Heard::default());
    for line in ["BdsDxe: starting Boot0001\r\n"; 100] {
        sent.push_str(line);
        for byte in line.bytes() {
            if let Some(decoded) = decoder.push(byte) {
                heard.note(decoded);
            }
        }
        assert_eq!(heard.text, sent);
    }
}

#[test]
fn a_line_longer_than_any_frame_passes() {
    let line = "=".repeat(3 * MAX_FRAME);
    assert_eq!(hear(line.as_bytes()).text, line);
}

#[test]
fn text_up_to_a_frame_is_text_and_the_frame_is_a_frame() {
    let mut bytes = b"Booting `rmapbench'\r\n\x1b[0mno newline".to_vec();
    bytes.extend(frame_of(&data(7, b"abc")));
    bytes.extend(b"more");
    let heard = hear(&bytes);
    assert_eq!(heard.text, "Booting `rmapbench'\r\n\x1b[0mno newlinemore");
    assert_eq!(heard.payloads.len(), 1);
    assert_eq!(heard.damaged, 0);
}

#[test]
fn a_frame_that_begins_like_a_line_of_text_is_still_a_frame() {
    // Stuffed, it begins with "\n~\n": the first zero is the tenth byte.
    let message = "~~~~~~\0~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
    let envelope = Envelope { session: Session(u32::from(b'~')), sequence: 10, message };
    let mut frame = [0; MAX_FRAME];
    let bytes = encode_frame(&envelope, &mut frame).expect("a short message");
    assert_eq!(&bytes[1..4], b"\n~\n");
    assert_eq!(hear(bytes).payloads.len(), 1);
}

proptest! {
    #[test]
    fn no_frame_of_a_drawn_session_shows_as_text(entropy: u32, sequence: u32, bytes: Vec<u8>) {
        let message = GuestMessage::Data { offset: StreamOffset(sequence), bytes: &bytes };
        let envelope = Envelope { session: Session::draw(entropy), sequence, message };
        prop_assert_eq!(hear(&frame_of(&envelope)).text, "");
    }
}

#[test]
fn the_longest_frame_decodes() {
    let (limit, bytes) = (MAX_FRAME, [0xA5; MAX_FRAME]);
    let capacity = data_capacity(Session(0x0012_3456), 300, StreamOffset(9), limit);
    let bytes = frame_of(&data(9, &bytes[..capacity]));
    assert!((limit - 2..=limit).contains(&bytes.len()), "{}", bytes.len());
    assert_eq!(hear(&bytes).payloads.len(), 1);
}

#[test]
fn a_message_that_does_not_fit_is_refused() {
    assert!(encode_frame(&data(9, &[1; MAX_FRAME]), &mut [0; MAX_FRAME]).is_err());
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(offset: u32, bytes in prop::collection::vec(any::<u8>(), 0..480)) {
        let envelope = data(offset, &bytes);
        let heard = hear(&frame_of(&envelope));
        prop_assert_eq!(heard.payloads.len(), 1);
        prop_assert_eq!(postcard::from_bytes(&heard.payloads[0]), Ok(envelope));
        prop_assert_eq!(heard.damaged, 0);
    }

    #[test]
    fn a_data_frame_keeps_its_limit(
        session: u32, sequence: u32, offset: u32, limit in 32..=MAX_FRAME, fill: u8,
    ) {
        let (session, offset) = (Session(session), StreamOffset(offset));
        let bytes = vec![fill; data_capacity(session, sequence, offset, limit)];
        let message = GuestMessage::Data { offset, bytes: &bytes };
        let frame = frame_of(&Envelope { session, sequence, message });
        prop_assert!(frame.len() <= limit, "{} over {}", frame.len(), limit);
        prop_assert!(frame.len() + 5 >= limit, "{} wastes {}", frame.len(), limit);
    }

    #[test]
    fn nothing_makes_the_decoder_panic_or_lose_count(
        bytes in prop::collection::vec(prop_oneof![1 => Just(0), 9 => any::<u8>()], 0..3000),
    ) {
        let heard = hear(&bytes);
        let stretches = bytes.iter().filter(|&&byte| byte != 0).count();
        // Random bytes pass the CRC once in 2^32; none of these cases does.
        prop_assert_eq!(heard.payloads.len(), 0);
        prop_assert_eq!(heard.text.len() + heard.damaged, stretches);
    }

    #[test]
    fn damage_never_yields_another_message(
        bytes in prop::collection::vec(any::<u8>(), 0..480),
        place: prop::sample::Index,
        flip in 1..=255_u8,
    ) {
        let envelope = data(5, &bytes);
        let mut frame = frame_of(&envelope);
        let place = place.index(frame.len());
        frame[place] ^= flip;
        for payload in hear(&frame).payloads {
            prop_assert_eq!(postcard::from_bytes(&payload), Ok(envelope.clone()));
        }
    }

    #[test]
    fn a_damaged_frame_costs_no_frame_but_itself(
        bytes in prop::collection::vec(any::<u8>(), 0..480), cut: prop::sample::Index,
    ) {
        let whole = frame_of(&data(5, &bytes));
        let mut line = whole[..cut.index(whole.len() - 1)].to_vec();
        line.extend(&whole);
        prop_assert_eq!(hear(&line).payloads.len(), 1);
    }
}
