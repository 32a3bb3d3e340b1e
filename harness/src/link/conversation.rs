//! One guest, from its first frame to its last.

use wire::{Envelope, GuestMessage, Hole, HostMessage, MAX_HOLES, Session, StreamOffset, crc32c};

use super::answer::Answer;
use super::notice::{Ending, LinkCounters, Notice};
use super::portion::Portion;
use super::stream::{OutOfRange, Stream};

/// The fewest and the most bytes of a plan in one frame.
const CHUNK: (usize, usize) = (16, 256);

/// How many frames back a line may repeat itself. A `Hello` from further back is a guest that
/// booted again and drew the same session.
const LINE_MEMORY: u32 = 256;

/// A turn that the guest granted and what it wants to hear in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// What shall run? Of a plan over the wire it has the first `received` bytes.
    Plan { received: u32 },
    /// Is everything before `sent` there?
    Turn { turn: u32, sent: u32 },
}

#[derive(Debug)]
pub(super) struct Conversation {
    session: Session,
    /// The number that the next frame should have.
    next_sequence: u32,
    greeting: Greeting,
    stream: Stream,
    /// As `Done` says.
    length: Option<u32>,
    verdict: Verdict,
    chunk: Portion,
    holes: Portion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Greeting {
    Outstanding,
    Heard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Complete,
    Corrupt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    New,
    /// Seen before, or given up for lost.
    Repeated,
}

impl Conversation {
    pub(super) fn new(first: &Envelope<GuestMessage<'_>>) -> Self {
        Self {
            session: first.session,
            next_sequence: first.sequence,
            greeting: Greeting::Outstanding,
            stream: Stream::default(),
            length: None,
            verdict: Verdict::Open,
            chunk: Portion::new(CHUNK.0, CHUNK.1),
            holes: Portion::new(1, MAX_HOLES),
        }
    }

    pub(super) fn session(&self) -> Session {
        self.session
    }

    /// Whether the frame shows that the guest booted again. A guest never says `Hello` once its
    /// stream began; the line may repeat an old one.
    pub(super) fn is_ended_by(&self, envelope: &Envelope<GuestMessage<'_>>) -> bool {
        if envelope.session != self.session {
            return true;
        }
        let back = self.next_sequence.wrapping_sub(envelope.sequence);
        let is_echo = (1..=LINE_MEMORY).contains(&back);
        let is_hello = matches!(envelope.message, GuestMessage::Hello { .. });
        is_hello && !is_echo && !self.stream.is_untouched()
    }

    /// Takes a frame in. Returns the question that waits for an answer after it, if `open` did
    /// before.
    pub(super) fn take(
        &mut self,
        envelope: &Envelope<GuestMessage<'_>>,
        open: Option<Question>,
        notices: &mut Vec<Notice>,
        counters: &mut LinkCounters,
    ) -> Option<Question> {
        let freshness = self.count(envelope.sequence, counters);
        let Ok(question) = self.take_message(&envelope.message, notices, counters) else {
            counters.senseless_frames += 1;
            return open;
        };
        // What the line repeats grants nothing and takes nothing back.
        if freshness == Freshness::Repeated { open } else { question }
    }

    fn count(&mut self, sequence: u32, counters: &mut LinkCounters) -> Freshness {
        let ahead = sequence.wrapping_sub(self.next_sequence);
        if ahead > u32::MAX / 2 {
            counters.repeated_frames += 1;
            return Freshness::Repeated;
        }
        counters.lost_frames += u64::from(ahead);
        self.next_sequence = sequence.wrapping_add(1);
        Freshness::New
    }

    fn take_message(
        &mut self,
        message: &GuestMessage<'_>,
        notices: &mut Vec<Notice>,
        counters: &mut LinkCounters,
    ) -> Result<Option<Question>, OutOfRange> {
        match *message {
            GuestMessage::Hello { protocol, schema_key, build_id, has_plan, plan_received } => {
                if self.greeting == Greeting::Outstanding {
                    self.greeting = Greeting::Heard;
                    notices.push(Notice::Greeted { protocol, schema_key, build_id, has_plan });
                }
                Ok(Some(Question::Plan { received: plan_received }))
            }
            GuestMessage::Data { offset, bytes } => {
                self.take_piece(offset.0, bytes, notices, counters)?;
                Ok(None)
            }
            GuestMessage::Turn { turn, sent } => {
                self.stream.announce(sent.0)?;
                Ok(Some(Question::Turn { turn, sent: sent.0 }))
            }
            GuestMessage::Done { turn, length, crc } => {
                self.stream.announce(length.0)?;
                self.length = Some(length.0);
                notices.extend(self.judge(length.0, crc));
                Ok(Some(Question::Turn { turn, sent: length.0 }))
            }
        }
    }

    fn take_piece(
        &mut self,
        offset: u32,
        bytes: &[u8],
        notices: &mut Vec<Notice>,
        counters: &mut LinkCounters,
    ) -> Result<(), OutOfRange> {
        let inserted = self.stream.insert(offset, bytes)?;
        counters.duplicate_bytes += bytes.len() as u64 - inserted.new;
        counters.repaired_bytes += inserted.repaired;
        while let Some(record) = self.stream.next_record() {
            match record {
                Ok(record) => notices.push(Notice::Record(record)),
                Err(_) => counters.bad_records += 1,
            }
        }
        Ok(())
    }

    /// Says once whether the stream is what the guest says it sent.
    fn judge(&mut self, length: u32, crc: u32) -> Option<Notice> {
        if self.verdict != Verdict::Open || self.stream.whole_end() < length {
            return None;
        }
        if self.stream.whole_end() == length && self.stream.crc() == crc {
            self.verdict = Verdict::Complete;
            return Some(Notice::Complete);
        }
        self.verdict = Verdict::Corrupt;
        Some(Notice::Corrupt)
    }

    /// What to say in a turn; nothing to a recording.
    pub(super) fn answer<'a>(
        &mut self,
        answer: &'a Answer,
        question: Question,
    ) -> Option<HostMessage<'a>> {
        match (answer, question) {
            (Answer::Silent, _) => None,
            (_, Question::Turn { turn, sent }) => Some(self.answer_turn(turn, sent)),
            (Answer::Start, Question::Plan { .. }) => Some(HostMessage::Start),
            (Answer::Plan(plan), Question::Plan { received }) => {
                Some(self.chunk(plan.as_slice(), received))
            }
        }
    }

    fn answer_turn(&mut self, turn: u32, sent: u32) -> HostMessage<'static> {
        let upto = StreamOffset(self.stream.whole_end().min(sent));
        let most = self.holes.for_question(turn);
        let holes: heapless::Vec<Hole, MAX_HOLES> = self
            .stream
            .holes_before(sent)
            .take(most)
            .map(|hole| Hole { offset: StreamOffset(hole.start), length: hole.end - hole.start })
            .collect();
        if holes.is_empty() {
            return HostMessage::Ack { turn, upto };
        }
        HostMessage::Nak { turn, upto, holes }
    }

    /// The next chunk of the plan; the first, if the guest has more of some other plan.
    fn chunk<'a>(&mut self, plan: &'a [u8], received: u32) -> HostMessage<'a> {
        let start = Some(received as usize).filter(|&start| start < plan.len()).unwrap_or(0);
        let end = plan.len().min(start + self.chunk.for_question(received));
        HostMessage::Plan {
            total: plan.len() as u16,
            crc: crc32c(plan),
            offset: start as u16,
            bytes: &plan[start..end],
        }
    }

    pub(super) fn ending(&self, notices: Vec<Notice>, counters: LinkCounters) -> Ending {
        Ending {
            complete: self.verdict == Verdict::Complete,
            missing: self.stream.missing(),
            length: self.length,
            notices,
            records_after_holes: self.stream.records_after_holes(),
            counters,
        }
    }
}
