//! A line that is looked for again when it goes away.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Arrival, Baud, Line, Opening, Port, PortAddress};

/// A port, and how to open it again.
#[derive(Debug)]
pub struct PersistentPort {
    address: PortAddress,
    baud: Baud,
    reconnect: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(Port),
    Sought { loss: Loss, opening: Opening, until: Instant },
    Gone { loss: Loss, hope: Hope },
}

/// How the line went away.
#[derive(Clone, Debug)]
enum Loss {
    Closed,
    Broken(String),
}

/// Whether it may be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hope {
    Some,
    None,
}

impl PersistentPort {
    /// Keeps `port`, which was opened by `address` at `baud`. Each time that it goes away it is looked
    /// for as long as `reconnect` says.
    pub const fn new(port: Port, address: PortAddress, baud: Baud, reconnect: Duration) -> Self {
        Self { address, baud, reconnect, state: State::Open(port) }
    }

    fn hope_after(&self, arrival: &Arrival) -> Hope {
        // What speaks another protocol will speak it next time.
        let is_final =
            matches!(arrival, Arrival::Broken(error) if error.kind() == ErrorKind::InvalidData);
        if is_final || self.reconnect.is_zero() || !self.address.can_return() {
            return Hope::None;
        }
        Hope::Some
    }
}

impl Line for PersistentPort {
    fn receive(&mut self, patience: Duration) -> Arrival {
        let (arrival, next) = match &self.state {
            State::Open(port) => {
                let arrival = port.receive(patience);
                let hope = self.hope_after(&arrival);
                let gone = Loss::of(&arrival).map(|loss| State::Gone { loss, hope });
                (arrival, gone)
            }
            State::Sought { loss, opening, until } => match opening.poll(patience) {
                Some(Ok(port)) => (Arrival::Back, Some(State::Open(port))),
                _ if Instant::now() >= *until => {
                    let gone = State::Gone { loss: loss.clone(), hope: Hope::None };
                    (loss.arrival(), Some(gone))
                }
                _ => (Arrival::Nothing, None),
            },
            State::Gone { loss, .. } => (loss.arrival(), None),
        };
        if let Some(next) = next {
            self.state = next;
        }
        arrival
    }

    fn send(&mut self, bytes: &[u8]) {
        if let State::Open(port) = &mut self.state {
            port.send(bytes);
        }
    }

    fn seek(&mut self) -> Option<Duration> {
        let State::Gone { loss, hope: Hope::Some } = &self.state else { return None };
        self.state = State::Sought {
            loss: loss.clone(),
            opening: Opening::begin(self.address.clone(), self.baud),
            until: Instant::now() + self.reconnect,
        };
        Some(self.reconnect)
    }
}

impl Loss {
    fn of(arrival: &Arrival) -> Option<Self> {
        match arrival {
            Arrival::Closed => Some(Self::Closed),
            Arrival::Broken(error) => Some(Self::Broken(error.to_string())),
            Arrival::Bytes(_) | Arrival::Nothing | Arrival::Back => None,
        }
    }

    fn arrival(&self) -> Arrival {
        match self {
            Self::Closed => Arrival::Closed,
            Self::Broken(why) => Arrival::Broken(io::Error::other(why.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::PersistentPort;
    use crate::port::{Arrival, Baud, Line, PortAddress};

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(1);

    /// A peer on a unix socket, and a port to it that looks for it for `reconnect`.
    fn joined(reconnect: Duration) -> (tempfile::TempDir, UnixListener, PersistentPort) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("line");
        let listener = UnixListener::bind(&path).expect("a new path");
        let address = PortAddress::Unix(path);
        let port = address.open(Baud::USUAL).expect("somebody listens");
        let port = PersistentPort::new(port, address, Baud::USUAL, reconnect);
        (folder, listener, port)
    }

    fn next_event(port: &mut PersistentPort) -> Arrival {
        (0..1000)
            .map(|_| port.receive(LONG / 1000))
            .find(|arrival| !matches!(arrival, Arrival::Nothing))
            .expect("something happens in time")
    }

    #[test]
    fn a_peer_that_comes_back_is_heard_and_answered_again() {
        let (_folder, listener, mut port) = joined(LONG);
        drop(listener.accept().expect("the port"));
        assert!(matches!(next_event(&mut port), Arrival::Closed));
        assert_eq!(port.seek(), Some(LONG));
        port.send(b"nobody hears this");
        assert!(matches!(next_event(&mut port), Arrival::Back));
        let (mut peer, _) = listener.accept().expect("the port, again");
        peer.write_all(b"here").expect("room");
        assert!(matches!(next_event(&mut port), Arrival::Bytes(bytes) if bytes == b"here"));
        port.send(b"there");
        let mut heard = [0; 5];
        peer.read_exact(&mut heard).expect("five bytes");
        assert_eq!(&heard, b"there");
    }

    #[test]
    fn a_peer_that_stays_away_is_given_up_once_and_for_all() {
        let (folder, listener, mut port) = joined(SHORT);
        drop((listener, folder));
        assert!(matches!(next_event(&mut port), Arrival::Closed));
        assert_eq!(port.seek(), Some(SHORT));
        assert!(matches!(next_event(&mut port), Arrival::Closed));
        assert_eq!(port.seek(), None);
    }

    #[test]
    fn without_patience_nothing_is_looked_for() {
        let (_folder, listener, mut port) = joined(Duration::ZERO);
        drop(listener.accept().expect("the port"));
        assert!(matches!(next_event(&mut port), Arrival::Closed));
        assert_eq!(port.seek(), None);
        assert!(matches!(next_event(&mut port), Arrival::Closed), "and it stays so");
    }
}
