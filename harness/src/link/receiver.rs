//! From bytes to notices, across all guests that speak on the line.

use wire::{
    Decoded, Envelope, FrameDecoder, GuestMessage, HostMessage, MAX_FRAME, Versions, encode_frame,
};

use super::answer::Answer;
use super::conversation::{Conversation, Question};
use super::notice::{Ending, LinkCounters, Notice};

/// The host's end of the line.
#[derive(Debug)]
pub struct Receiver {
    decoder: FrameDecoder,
    desk: Desk,
}

impl Receiver {
    /// A receiver that has heard nothing yet and therefore says nothing.
    pub fn new(answer: Answer) -> Self {
        let desk =
            Desk { answer, party: Party::Nobody, sequence: 0, counters: LinkCounters::default() };
        Self { decoder: FrameDecoder::default(), desk }
    }

    /// Takes bytes off the line. At most one [`Notice::Reply`] is among the notices, the last: the
    /// answer to the last turn granted, unless the guest went on without it.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Notice> {
        self.desk.counters.bytes += bytes.len() as u64;
        let mut notices = Vec::new();
        let mut question = None;
        for &byte in bytes {
            match self.decoder.push(byte) {
                None => {}
                Some(Decoded::Frame(payload)) => {
                    question = self.desk.read(payload, question, &mut notices);
                }
                Some(Decoded::Text(text)) => {
                    self.desk.counters.text_bytes += text.len() as u64;
                    notices.push(Notice::ConsoleText(text.to_owned()));
                }
                Some(Decoded::Damaged(_)) => self.desk.counters.damaged_stretches += 1,
            }
        }
        notices.extend(question.and_then(|question| self.desk.reply(question)));
        notices
    }

    /// Takes stock after the last byte.
    pub fn finish(&mut self) -> Ending {
        let mut notices = self.push(&[0]);
        notices.retain(|notice| !matches!(notice, Notice::Reply(_)));
        self.desk.counters.bytes -= 1;
        let counters = self.desk.counters;
        match &self.desk.party {
            Party::Guest(conversation) => conversation.ending(notices, counters),
            Party::Nobody | Party::Stranger => Ending {
                complete: false,
                missing: Vec::new(),
                length: None,
                notices,
                records_after_holes: Vec::new(),
                counters,
            },
        }
    }
}

/// Who is at the other end.
#[derive(Debug)]
enum Party {
    Nobody,
    Guest(Box<Conversation>),
    /// A guest of another version, whose frames mean something else.
    Stranger,
}

/// All but the decoder, in whose buffer a frame still lies while it is read.
#[derive(Debug)]
struct Desk {
    answer: Answer,
    party: Party,
    /// Counts frames sent.
    sequence: u32,
    counters: LinkCounters,
}

impl Desk {
    /// Reads a frame. Returns the question that waits for an answer after it, if `open` did before.
    fn read(
        &mut self,
        payload: &[u8],
        open: Option<Question>,
        notices: &mut Vec<Notice>,
    ) -> Option<Question> {
        self.counters.frames += 1;
        if let Some(guest) = Versions::announced(payload).filter(|&guest| guest != Versions::OURS) {
            self.refuse(guest, notices);
            return None;
        }
        let Ok(envelope) = postcard::from_bytes::<Envelope<GuestMessage<'_>>>(payload) else {
            self.counters.senseless_frames += 1;
            return open;
        };
        self.meet(&envelope, notices);
        let Party::Guest(conversation) = &mut self.party else {
            return open;
        };
        conversation.take(&envelope, open, notices, &mut self.counters)
    }

    fn refuse(&mut self, guest: Versions, notices: &mut Vec<Notice>) {
        if !matches!(self.party, Party::Stranger) {
            self.party = Party::Stranger;
            notices.push(Notice::Incompatible { guest, host: Versions::OURS });
        }
    }

    /// Makes the frame's guest the party.
    fn meet(&mut self, envelope: &Envelope<GuestMessage<'_>>, notices: &mut Vec<Notice>) {
        let is_hello = matches!(envelope.message, GuestMessage::Hello { .. });
        match &self.party {
            Party::Guest(conversation) if !conversation.is_ended_by(envelope) => return,
            Party::Guest(_) => {
                self.counters.restarts += 1;
                notices.push(Notice::GuestRestarted);
            }
            Party::Stranger if !is_hello => return,
            Party::Stranger | Party::Nobody => {}
        }
        if !is_hello {
            notices.push(Notice::Joined);
        }
        self.party = Party::Guest(Box::new(Conversation::new(envelope)));
    }

    fn reply(&mut self, question: Question) -> Option<Notice> {
        let Party::Guest(conversation) = &mut self.party else {
            return None;
        };
        let message = conversation.answer(&self.answer, question)?;
        self.counters.replies += 1;
        self.counters.naks += u64::from(matches!(message, HostMessage::Nak { .. }));
        let envelope =
            Envelope { session: conversation.session(), sequence: self.sequence, message };
        self.sequence = self.sequence.wrapping_add(1);
        let mut frame = [0; MAX_FRAME];
        let bytes = encode_frame(&envelope, &mut frame).expect("chunks and holes are cut to fit");
        Some(Notice::Reply(bytes.to_vec()))
    }
}
