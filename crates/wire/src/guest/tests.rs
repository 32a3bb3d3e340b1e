use std::collections::VecDeque;

use super::{Delivery, Greeting, GuestLink, LineStuck, LogFull, PlanAtHand, SerialPort};
use crate::{
    Crash, Decoded, Envelope, FrameDecoder, GuestMessage, Hole, HostMessage, HostPresence,
};
use crate::{MAX_FRAME, Record, Session, StreamOffset, encode_frame};

const SESSION: Session = Session::draw(9);

/// How the host of a [`Script`] answers a turn.
#[derive(Clone, Copy, Debug)]
enum Says {
    Nothing,
    Ack,
    /// Asks for the first byte again.
    Nak,
    /// Names a turn that was not granted yet.
    AckOfTheNextTurn,
    /// Holes beyond all bounds.
    NakOfNonsense,
}

/// A port whose host answers from a script, and keeps to the last line of it.
#[derive(Debug)]
struct Script {
    says: VecDeque<Says>,
    sent: Vec<Vec<u8>>,
    inbox: VecDeque<u8>,
    line: Result<(), LineStuck>,
}

impl Script {
    fn of(says: &[Says]) -> Self {
        let says = says.iter().copied().collect();
        Self { says, sent: Vec::new(), inbox: VecDeque::new(), line: Ok(()) }
    }

    fn answer(&mut self, turn: u32, sent: StreamOffset) {
        let says =
            if self.says.len() > 1 { self.says.pop_front() } else { self.says.front().copied() };
        let hole = |offset, length| Hole { offset: StreamOffset(offset), length };
        let nak = |upto, holes: &[Hole]| HostMessage::Nak {
            turn,
            upto: StreamOffset(upto),
            holes: holes.iter().copied().collect(),
        };
        let message = match says.expect("a script says something") {
            Says::Nothing => return,
            Says::Ack => HostMessage::Ack { turn, upto: sent },
            Says::Nak => nak(0, &[hole(0, 1)]),
            Says::AckOfTheNextTurn => HostMessage::Ack { turn: turn + 1, upto: sent },
            Says::NakOfNonsense => {
                nak(u32::MAX - 1, &[hole(u32::MAX, u32::MAX), hole(1, u32::MAX)])
            }
        };
        let envelope = Envelope { session: SESSION, sequence: 0, message };
        self.inbox.extend(encode_frame(&envelope, &mut [0; MAX_FRAME]).expect("short"));
    }

    /// How many frames were sent of which `look` is true.
    fn count(&self, look: impl Fn(&GuestMessage<'_>) -> bool) -> usize {
        self.sent.iter().filter(|frame| message_in(frame, |message| look(&message))).count()
    }

    /// The longest `Data` frame of each burst.
    fn longest_data_frames(&self) -> Vec<usize> {
        let is_data =
            |frame: &Vec<u8>| message_in(frame, |m| matches!(m, GuestMessage::Data { .. }));
        let bursts = self.sent.split(|frame| !is_data(frame));
        bursts.filter_map(|burst| burst.iter().map(Vec::len).max()).collect()
    }
}

fn message_in<T>(frame: &[u8], look: impl Fn(GuestMessage<'_>) -> T) -> T {
    let mut decoder = FrameDecoder::default();
    let ends = frame.iter().rposition(|&byte| byte == 0).expect("a frame ends with a zero");
    for &byte in &frame[..ends] {
        assert_eq!(decoder.push(byte), None);
    }
    let Some(Decoded::Frame(payload)) = decoder.push(0) else { panic!("no frame") };
    let envelope: Envelope<GuestMessage<'_>> = postcard::from_bytes(payload).expect("ours");
    look(envelope.message)
}

impl SerialPort for Script {
    const POLLS_PER_TURN: u32 = 4096;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.line?;
        self.sent.push(bytes.to_vec());
        let granted = message_in(bytes, |message| match message {
            GuestMessage::Turn { turn, sent } => Some((turn, sent)),
            GuestMessage::Done { turn, length, .. } => Some((turn, length)),
            _ => None,
        });
        if let Some((turn, sent)) = granted {
            self.answer(turn, sent);
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        self.inbox.pop_front()
    }
}

fn with_link<T>(says: &[Says], test: impl FnOnce(&mut GuestLink<'_, Script>) -> T) -> T {
    let mut log = vec![0; 1 << 18];
    test(&mut GuestLink::new(Script::of(says), &mut log, SESSION, [0; 8]))
}

fn record(link: &mut GuestLink<'_, Script>, bytes: usize) {
    let values = vec![1; bytes];
    let samples = Record::Samples { cell: 0, op: "fork", first: 0, values: &values };
    link.record(&samples).expect("the log is large");
}

#[test]
fn recording_sends_nothing() {
    with_link(&[Says::Ack], |link| {
        record(link, 10_000);
        assert!(link.port_mut().sent.is_empty());
        assert_eq!(link.flush(), Delivery::Acknowledged);
        assert_eq!(link.flush(), Delivery::Acknowledged);
        let turns = link.port_mut().count(|message| matches!(message, GuestMessage::Turn { .. }));
        assert_eq!(turns, 1, "what is acknowledged is not flushed again");
    });
}

#[test]
fn a_host_is_asked_after_every_32_frames() {
    with_link(&[Says::Ack], |link| {
        record(link, 100_000);
        link.flush();
        let data = link.port_mut().count(|message| matches!(message, GuestMessage::Data { .. }));
        let turns = link.port_mut().count(|message| matches!(message, GuestMessage::Turn { .. }));
        assert_eq!(turns, data.div_ceil(32));
    });
}

#[test]
fn frames_shrink_with_every_nak_and_grow_with_every_clean_ack() {
    let mut says = vec![Says::Nak; 6];
    says.push(Says::Ack);
    with_link(&says, |link| {
        record(link, 200_000);
        link.flush();
        let mut longest = link.port_mut().longest_data_frames();
        longest.truncate(12);
        let limits = [512, 256, 128, 64, 32, 32, 32, 64, 128, 256, 512, 512];
        for (frame, limit) in longest.into_iter().zip(limits) {
            assert!((limit - 5..=limit).contains(&frame), "{frame} for {limit}");
        }
    });
}

#[test]
fn an_answer_to_a_turn_not_yet_granted_is_no_answer() {
    with_link(&[Says::AckOfTheNextTurn], |link| {
        record(link, 10);
        assert_eq!(link.flush(), Delivery::Unconfirmed);
    });
}

#[test]
fn nonsense_from_the_host_does_no_harm() {
    with_link(&[Says::NakOfNonsense, Says::NakOfNonsense, Says::Ack], |link| {
        record(link, 5000);
        assert_eq!(link.finish(), Delivery::Acknowledged);
    });
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    with_link(&[Says::Nothing, Says::Nothing, Says::Ack], |link| {
        link.set_presence(HostPresence::Certain);
        record(link, 10);
        assert_eq!(link.flush(), Delivery::Acknowledged);
        assert_eq!(link.counters().unanswered, 2);
    });
}

#[test]
fn alone_the_guest_says_hello_forty_times_and_sends_its_stream_once() {
    with_link(&[Says::Nothing], |link| {
        let greeting = link.greet(HostPresence::Uncertain, PlanAtHand::DefaultOnly, &mut []);
        assert_eq!(greeting, Greeting::Alone);
        let hellos = link.port_mut().count(|message| matches!(message, GuestMessage::Hello { .. }));
        assert_eq!(hellos, 40);
        record(link, 50_000);
        assert_eq!(link.flush(), Delivery::Unconfirmed);
        assert_eq!(link.finish(), Delivery::Unconfirmed);
        assert_eq!(link.counters().resent_bytes, 0);
    });
}

#[test]
fn a_stuck_line_does_not_stop_an_uncertain_guest() {
    with_link(&[Says::Nothing], |link| {
        link.port_mut().line = Err(LineStuck);
        record(link, 50_000);
        assert_eq!(link.finish(), Delivery::Unconfirmed);
        assert!(link.counters().stuck > 0);
        link.port_mut().line = Ok(());
        link.port_mut().says = [Says::Ack].into();
        assert_eq!(link.finish(), Delivery::Acknowledged, "what did not leave leaves later");
    });
}

#[test]
fn a_full_log_still_takes_a_crash() {
    let mut log = [0; 4096];
    let mut link = GuestLink::new(Script::of(&[Says::Ack]), &mut log, SESSION, [0; 8]);
    while link.record(&Record::RunFinished).is_ok() {}
    assert_eq!(link.record(&Record::RunFinished), Err(LogFull));
    let longest = "x".repeat(256);
    let crash = Record::Crash(Crash {
        what: &longest,
        vector: Some(14),
        error_code: u64::MAX,
        fault_address: u64::MAX,
        cpu: u32::MAX,
        cell: Some(u32::MAX),
        doing: &longest,
        registers: [u64::MAX; 18],
        backtrace: [u64::MAX; 16].into_iter().collect(),
    });
    assert_eq!(link.record(&crash), Ok(()));
}
