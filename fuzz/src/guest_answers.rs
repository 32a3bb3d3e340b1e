//! The guest's end of the line, while a hostile host answers.

use wire::guest::{Greeting, GuestLink, LineStuck, PlanAtHand, SerialPort};
use wire::{HostPresence, MAX_PLAN, Plan, Record, Session, Value};

use crate::framing::{framed, pieces};

/// The session of every frame that the guest takes for an answer to it.
pub(crate) const SESSION: Session = Session::draw(9);

/// The first byte says whether the others are bytes of the line or contents of frames; each turn that
/// the guest grants is answered with the next piece of them.
pub fn guest_answers(input: &[u8]) -> usize {
    let Some((&way, rest)) = input.split_first() else { return 0 };
    let answers: Vec<Vec<u8>> = match way % 2 {
        0 => pieces(rest).map(framed).collect(),
        _ => pieces(rest).map(<[u8]>::to_vec).collect(),
    };
    let (mut log, mut room) = (vec![0; 4096], vec![0; MAX_PLAN]);
    let mut link = GuestLink::new(Host::answering(answers), &mut log, SESSION, [1; 8]);
    if let Greeting::Plan(bytes) =
        link.greet(HostPresence::Uncertain, PlanAtHand::DefaultOnly, &mut room)
        && let Ok(plan) = Plan::decode(bytes)
    {
        let _ = runner::resolve(&plan, "");
    }
    for number in 0..100 {
        let fact = Record::Fact { name: "number", value: Value::Number(number) };
        link.record(&fact).expect("the log is large");
        if number % 40 == 0 {
            link.flush();
        }
    }
    link.finish();
    let counters = link.counters();
    (counters.turns - counters.unanswered) as usize
}

/// A line on which an answer comes for every burst of the guest.
struct Host {
    answers: std::vec::IntoIter<Vec<u8>>,
    answer: std::vec::IntoIter<u8>,
    turn: bool,
}

impl Host {
    fn answering(answers: Vec<Vec<u8>>) -> Self {
        Self { answers: answers.into_iter(), answer: Vec::new().into_iter(), turn: false }
    }
}

impl SerialPort for Host {
    const POLLS_PER_TURN: u32 = 1200;

    fn send(&mut self, _: &[u8]) -> Result<(), LineStuck> {
        self.turn = true;
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        if std::mem::take(&mut self.turn) {
            self.answer = self.answers.next().unwrap_or_default().into_iter();
        }
        self.answer.next()
    }
}
