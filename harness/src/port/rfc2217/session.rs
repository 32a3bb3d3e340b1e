//! The conversation with a console server, without any I/O.

use rfc2217::{
    Client, ComPortState, DataBits, FlowControl, NotReady, Parity, PortSettings, Setting,
    SettingSet, StopBits,
};

use super::Baud;

/// What must be confirmed. Some servers never answer for flow control, and without it a line works.
const NEEDED: [Setting; 4] =
    [Setting::BaudRate, Setting::DataBits, Setting::Parity, Setting::StopBits];

/// Telnet around the line's bytes: escapes and unescapes them, negotiates, sets the line.
#[derive(Debug)]
pub struct Session {
    client: Client,
}

impl Session {
    /// A session that will have the line set to 8N1 at `baud`, without flow control. Buffers are not
    /// purged: the guest may have spoken already.
    #[must_use]
    pub fn new(baud: Baud) -> Self {
        let settings = PortSettings {
            baud_rate: baud.per_second(),
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            flow_control: FlowControl::None,
        };
        Self { client: Client::new(settings) }
    }

    /// Takes bytes of the server; what of them the guest said. The answers are in
    /// [`take_output`](Self::take_output), at most a few for each command heard.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let said = self.client.receive(bytes);
        // All that matters of them is kept by the client.
        while self.client.poll_event().is_some() {}
        said
    }

    /// Has bytes sent to the guest.
    pub fn say(&mut self, bytes: &[u8]) {
        self.client.write_data(bytes);
    }

    /// What to send to the server now.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.client.take_output()
    }

    /// Whether the line is set as it was asked for.
    ///
    /// # Errors
    /// What is missing. Only [`NotReady::Negotiating`] and [`NotReady::Pending`] may pass.
    pub fn readiness(&self) -> Result<(), NotReady> {
        match self.client.com_port_state() {
            ComPortState::Negotiating => return Err(NotReady::Negotiating),
            ComPortState::Refused => return Err(NotReady::Refused),
            ComPortState::Active => {}
        }
        let mismatched = needed(self.client.mismatched_settings());
        if !mismatched.is_empty() {
            return Err(NotReady::Mismatched(mismatched));
        }
        let pending = needed(self.client.pending_settings());
        if pending.is_empty() { Ok(()) } else { Err(NotReady::Pending(pending)) }
    }
}

fn needed(settings: SettingSet) -> SettingSet {
    settings.iter().filter(|setting| NEEDED.contains(setting)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rfc2217::{NotReady, PortSettings, Server};

    use super::{Baud, Session};

    /// The server and the session hear each other out; what the guest said meanwhile.
    fn exchange(session: &mut Session, server: &mut Server) -> Vec<u8> {
        let mut said = Vec::new();
        loop {
            let (up, down) = (session.take_output(), server.take_output());
            if up.is_empty() && down.is_empty() {
                return said;
            }
            let _ = server.receive(&up);
            while server.poll_event().is_some() {}
            said.extend(session.hear(&down));
        }
    }

    fn set_up() -> (Session, Server) {
        let fast: Baud = "921600".parse().expect("a standard rate");
        let mut session = Session::new(fast);
        let mut server = Server::new(PortSettings::default());
        exchange(&mut session, &mut server);
        (session, server)
    }

    #[test]
    fn the_server_sets_its_line_and_says_so() {
        let (session, server) = set_up();
        assert_eq!(session.readiness(), Ok(()));
        let set = PortSettings { baud_rate: 921_600, ..PortSettings::default() };
        assert_eq!(server.settings(), set);
    }

    #[test]
    fn a_server_without_the_option_is_known_by_its_refusal() {
        let mut session = Session::new(Baud::USUAL);
        // IAC DONT COM-PORT-OPTION
        session.hear(&[255, 254, 44]);
        assert_eq!(session.readiness(), Err(NotReady::Refused));
    }

    #[test]
    fn an_answer_with_another_rate_is_no_consent() {
        let mut session = Session::new(Baud::USUAL);
        // IAC DO COM-PORT-OPTION; IAC SB COM-PORT-OPTION SERVER-SET-BAUDRATE 9600 IAC SE
        session.hear(&[255, 253, 44, 255, 250, 44, 101, 0, 0, 0x25, 0x80, 255, 240]);
        assert!(matches!(session.readiness(), Err(NotReady::Mismatched(_))));
    }

    proptest! {
        #[test]
        fn every_byte_arrives_as_it_was_said(
            bytes in prop::collection::vec(prop_oneof![Just(255_u8), Just(240_u8), any::<u8>()], 0..600),
        ) {
            let (mut session, mut server) = set_up();
            server.write_data(&bytes);
            prop_assert_eq!(exchange(&mut session, &mut server), &bytes[..]);
            session.say(&bytes);
            prop_assert_eq!(server.receive(&session.take_output()), bytes);
        }

        #[test]
        fn a_hostile_server_makes_nothing_panic_and_nothing_grow(
            bytes in prop::collection::vec(
                prop_oneof![Just(255_u8), 250..255_u8, Just(240_u8), Just(44_u8), any::<u8>()], 0..2000,
            ),
        ) {
            let mut session = Session::new(Baud::USUAL);
            let opening = session.take_output().len();
            let said = session.hear(&bytes);
            prop_assert!(said.len() <= bytes.len());
            // Three bytes of the server switch the option on, and the line is set anew: 45 bytes.
            prop_assert!(session.take_output().len() <= opening + 15 * bytes.len());
        }
    }
}
