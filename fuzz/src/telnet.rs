//! A console server's telnet.

use harness::port::{Baud, Rfc2217Session};

/// Answers may be longer than what they answer: three bytes have the line set anew.
const MOST_ANSWER: usize = 15;

/// The first byte is the size of the chunks in which the server's words come, less 1.
pub fn telnet(input: &[u8]) -> usize {
    let Some((&size, line)) = input.split_first() else { return 0 };
    let mut session = Rfc2217Session::new(Baud::USUAL);
    session.take_output();
    let mut said = 0;
    for chunk in line.chunks(usize::from(size) + 1) {
        let heard = session.hear(chunk);
        assert!(heard.len() <= chunk.len(), "the guest says no more than the server");
        said += heard.len();
        session.say(&heard);
        let answer = session.take_output();
        assert!(answer.len() <= MOST_ANSWER * line.len() + 2 * said, "answers are bounded");
        let _ = session.readiness();
    }
    said + usize::from(session.readiness().is_ok())
}
