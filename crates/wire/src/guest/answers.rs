//! What the host has and what it misses.

use core::ops::Range;

use crate::{Hole, HostMessage, MAX_HOLES, StreamOffset};

/// The host's answer to a `Turn` or `Done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has all that was sent.
    Everything,
    /// It needs these again.
    Missing { repairs: Repairs },
}

impl Answer {
    /// Reads an answer to `turn`, which was granted when everything before `sent` was sent. An
    /// answer to another turn is out of date: what it asks for was sent since.
    pub(super) fn read(message: &HostMessage<'_>, turn: u32, sent: usize) -> Option<Self> {
        match message {
            HostMessage::Ack { turn: answered, upto } if *answered == turn => {
                Some(Self::have(place(*upto).min(sent), sent))
            }
            HostMessage::Nak { turn: answered, holes, .. } if *answered == turn => {
                Some(Self::Missing { repairs: Repairs::of(holes, sent) })
            }
            _ => None,
        }
    }

    fn have(upto: usize, sent: usize) -> Self {
        if upto == sent {
            return Self::Everything;
        }
        let mut repairs = Repairs::default();
        repairs.add(upto..sent);
        Self::Missing { repairs }
    }
}

fn place(offset: StreamOffset) -> usize {
    offset.0 as usize
}

/// Stretches of the log to send again, in the host's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repairs {
    stretches: heapless::Deque<Range<usize>, MAX_HOLES>,
}

impl Repairs {
    /// The holes, cut to what was sent: the host's word is not trusted with the log's bounds.
    fn of(holes: &[Hole], sent: usize) -> Self {
        let mut repairs = Self::default();
        for hole in holes {
            let start = place(hole.offset).min(sent);
            repairs.add(start..start.saturating_add(hole.length as usize).min(sent));
        }
        repairs
    }

    fn add(&mut self, stretch: Range<usize>) {
        if !stretch.is_empty() {
            self.stretches.push_back(stretch).expect("a Nak names at most MAX_HOLES");
        }
    }

    pub(super) fn next(&self) -> Option<Range<usize>> {
        self.stretches.front().cloned()
    }

    /// Takes note that the first `bytes` of the next stretch are sent.
    pub(super) fn advance(&mut self, bytes: usize) {
        let Some(stretch) = self.stretches.front_mut() else {
            return;
        };
        stretch.start += bytes;
        if stretch.start == stretch.end {
            self.stretches.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }
}
