//! What a console server says: all of it, and some of the guest's bytes.

use harness::port::{Baud, Rfc2217Session};
use rfc2217::{ModemState, PortSettings, Server};

use super::{Seed, seed};

pub(super) fn seeds() -> Vec<Seed> {
    let line = said();
    // IAC DONT COM-PORT-OPTION, and a login
    let refusal = b"\xff\xfe\x2c\xff\xfb\x01login: ";
    vec![seed("whole", 199, &line), seed("small-chunks", 2, &line), seed("refusal", 9, refusal)]
}

fn said() -> Vec<u8> {
    let mut session = Rfc2217Session::new(Baud::USUAL);
    let mut server = Server::new(PortSettings::default());
    let mut line = Vec::new();
    loop {
        let (up, down) = (session.take_output(), server.take_output());
        if up.is_empty() && down.is_empty() {
            break;
        }
        let _ = server.receive(&up);
        while server.poll_event().is_some() {}
        session.hear(&down);
        line.extend(down);
    }
    server.write_data(b"\0\x05data\xff\xff\0");
    server.set_modem_state(ModemState::CTS);
    server.suspend_flow();
    line.extend(server.take_output());
    line
}
