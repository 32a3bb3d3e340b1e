use std::collections::VecDeque;
use std::ops::ControlFlow;

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

    /// How many `Data` frames stand between other frames.
    fn bursts(&self) -> Vec<usize> {
        self.split_at_other_frames().map(<[_]>::len).filter(|&frames| frames > 0).collect()
    }

    /// The longest `Data` frame of each burst.
    fn longest_data_frames(&self) -> Vec<usize> {
        let bursts = self.split_at_other_frames();
        bursts.filter_map(|burst| burst.iter().map(Vec::len).max()).collect()
    }

    fn split_at_other_frames(&self) -> impl Iterator<Item = &[Vec<u8>]> {
        let is_data =
            |frame: &Vec<u8>| message_in(frame, |m| matches!(m, GuestMessage::Data { .. }));
        self.sent.split(move |frame| !is_data(frame))
    }
}

impl Script {
    /// How many `Done`s stand between frames of data.
    fn dones_between_data(&self) -> Vec<usize> {
        let is_done =
            |frame: &Vec<u8>| message_in(frame, |m| matches!(m, GuestMessage::Done { .. }));
        let stretches = self.sent.chunk_by(|one, other| is_done(one) == is_done(other));
        stretches.filter(|stretch| is_done(&stretch[0])).map(<[_]>::len).collect()
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
        link.flush();
        let sent = link.port_mut().sent.len();
        assert!(sent > 0);
        link.flush();
        assert_eq!(link.port_mut().sent.len(), sent, "what is sent is not flushed again");
    });
}

#[test]
fn a_host_is_asked_after_32_frames_and_on_a_good_line_after_up_to_128() {
    with_link(&[Says::Ack], |link| {
        record(link, 200_000);
        link.flush();
        assert_eq!(link.port_mut().bursts()[..4], [32, 64, 128, 128]);
        assert_eq!(link.counters().turns, 4, "the last burst is not full");
    });
}

#[test]
fn small_flushes_share_a_turn() {
    with_link(&[Says::Ack], |link| {
        for _ in 0..40 {
            record(link, 100);
            link.flush();
        }
        assert_eq!(link.port_mut().bursts(), [32, 8]);
        assert_eq!(link.finish(), Delivery::Acknowledged);
    });
}

#[test]
fn what_a_late_turn_finds_missing_is_sent_at_once() {
    with_link(&[Says::Nak, Says::Ack], |link| {
        for _ in 0..32 {
            record(link, 100);
            link.flush();
        }
        assert_eq!(link.counters().resent_bytes, 1);
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
        assert_eq!(link.finish(), Delivery::Unconfirmed);
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
        assert_eq!(link.finish(), Delivery::Acknowledged);
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
        link.flush();
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

/// Lingers until so many `Done`s were said; what came of each.
fn linger(link: &mut GuestLink<'_, Script>, dones: usize) -> Vec<Delivery> {
    let mut outcomes = Vec::new();
    link.linger(|delivery| {
        outcomes.push(delivery);
        if outcomes.len() == dones { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    outcomes
}

#[test]
fn to_nobody_the_log_goes_out_again_after_5_dones_then_10_then_20_and_at_last_160() {
    with_link(&[Says::Nothing], |link| {
        record(link, 1000);
        link.finish();
        link.port_mut().sent.clear();
        let outcomes = linger(link, 5 + 10 + 20 + 40 + 80 + 160 + 160 + 1);
        assert!(outcomes.iter().all(|&outcome| outcome == Delivery::Unconfirmed));
        let between = link.port_mut().dones_between_data();
        assert_eq!(between, [5, 10, 20, 40, 80, 160, 160, 1]);
        assert_eq!(link.counters().resent_bytes, 7 * link.log.length() as u64);
    });
}

#[test]
fn whoever_comes_late_is_sent_what_it_misses_and_then_the_log_rests() {
    with_link(&[Says::Nothing, Says::Nothing, Says::Nak, Says::Ack, Says::Nothing], |link| {
        record(link, 1000);
        link.flush();
        let outcomes = linger(link, 100);
        let (nobody, somebody) = (Delivery::Unconfirmed, Delivery::Acknowledged);
        let rests = [somebody; 4];
        assert_eq!(outcomes[..8], [&[nobody, nobody, somebody], &rests[..], &[nobody]].concat());
        assert_eq!(link.counters().resent_bytes, 1);
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
