//! After the run, where perhaps nobody listens: the guest stays for whoever comes late.

use core::ops::ControlFlow;

use super::GuestLink;
use super::answers::{Answer, Repairs};
use super::delivery::{Delivery, Question};
use super::line::{SerialPort, Wait};

/// Times of two seconds without a word after somebody has confirmed that all is there.
const RESTS: u32 = 4;

impl<P: SerialPort> GuestLink<'_, P> {
    /// Repeats `Done` every two seconds and replays what is asked for, until `between` breaks. To
    /// somebody who cannot ask, because the line has no way back, the whole log goes out again of its
    /// own accord, after ten seconds and then ever less often, until somebody confirms.
    ///
    /// `between` is called every two seconds, with what came of the last `Done`. While it runs nobody
    /// looks at the receiver, so an answer that comes meanwhile may be lost, and is asked for again.
    pub fn linger(&mut self, mut between: impl FnMut(Delivery) -> ControlFlow<()>) {
        let crc = self.log.crc();
        let mut carousel = Some(Carousel::default());
        self.new_turn();
        loop {
            let delivery = self.remind(crc);
            if between(delivery).is_break() {
                return;
            }
            match delivery {
                Delivery::Acknowledged => {
                    carousel = None;
                    if self.rest(&mut between).is_break() {
                        return;
                    }
                }
                Delivery::Unconfirmed => {
                    if carousel.as_mut().is_some_and(Carousel::is_due) {
                        self.send_again();
                    }
                }
            }
        }
    }

    /// Lets a host that has everything leave: it goes when the line falls silent.
    fn rest(&mut self, between: &mut impl FnMut(Delivery) -> ControlFlow<()>) -> ControlFlow<()> {
        for _ in 0..RESTS {
            self.line.rest();
            between(Delivery::Acknowledged)?;
        }
        ControlFlow::Continue(())
    }

    /// Asks once more; whoever answers gets what it misses.
    fn remind(&mut self, crc: u32) -> Delivery {
        match self.ask_once(Question::Done { crc }, Wait::AtLeisure) {
            Some(Answer::Everything) => Delivery::Acknowledged,
            Some(Answer::Missing { .. }) => {
                let delivery = self.finish();
                self.new_turn();
                delivery
            }
            None => Delivery::Unconfirmed,
        }
    }

    /// Sends the whole log as if for the first time. There are turns in it, so that a host that has a
    /// way back is heard.
    fn send_again(&mut self) {
        self.line.counters.resent_bytes += self.sent as u64;
        self.sent = 0;
        self.repairs = Repairs::default();
        self.flush();
        self.new_turn();
    }
}

/// When the log goes out again: after [`FEWEST`](Self::FEWEST) unanswered `Done`s, then after twice as
/// many, and so on.
#[derive(Debug)]
struct Carousel {
    /// `Done`s since the log last went out.
    unanswered: u32,
    /// As many make the next round due.
    enough: u32,
}

impl Carousel {
    /// 10 s.
    const FEWEST: u32 = 5;
    /// 5 minutes and 20 s.
    const MOST: u32 = 160;

    /// Counts a `Done` that nobody answered.
    fn is_due(&mut self) -> bool {
        self.unanswered += 1;
        if self.unanswered < self.enough {
            return false;
        }
        self.unanswered = 0;
        self.enough = (self.enough * 2).min(Self::MOST);
        true
    }
}

impl Default for Carousel {
    fn default() -> Self {
        Self { unanswered: 0, enough: Self::FEWEST }
    }
}
