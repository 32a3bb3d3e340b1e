//! The line to the guest as bytes: a serial device, TCP, a console server (RFC 2217), a unix socket, or
//! standard input.

mod address;
mod baud;
mod device;
mod error;
mod opening;
mod persistent;
mod rfc2217;
mod socket;

pub use self::rfc2217::Session as Rfc2217Session;
pub use address::{BadAddress, PortAddress};
pub use baud::{Baud, NoStandardRate};
pub use error::PortError;
pub use opening::Opening;
pub use persistent::PersistentPort;

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

/// Larger than what a serial device holds, so that one read empties it.
const CHUNK: usize = 16 << 10;

/// How many chunks may wait; beyond that the guest is held by the socket.
const WAITING_CHUNKS: usize = 64;

/// A way to a guest and back.
pub trait Line {
    /// Waits for bytes, at most `patience`.
    fn receive(&mut self, patience: Duration) -> Arrival;

    /// Sends `bytes` if there is a way back. A guest that is gone shows as [`Arrival::Closed`] after what
    /// it sent before, so an error here says nothing new.
    fn send(&mut self, bytes: &[u8]);

    /// Begins to look for the other end of a line that is gone, and says for how long; `None` if it cannot
    /// come back. Until it is [back](Arrival::Back), or is given up and gone again, nothing arrives.
    fn seek(&mut self) -> Option<Duration> {
        None
    }
}

/// What came off the line.
#[derive(Debug)]
pub enum Arrival {
    /// Bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing, for as long as was asked to wait.
    Nothing,
    /// The other end is gone.
    Closed,
    /// The line broke.
    Broken(io::Error),
    /// The other end was gone and is here again; what it sent meanwhile is lost.
    Back,
}

/// An open line. A thread of its own reads it, so that a busy host does not overrun a serial device.
pub struct Port {
    arrivals: Receiver<io::Result<Vec<u8>>>,
    writer: Option<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port").field("writable", &self.writer.is_some()).finish_non_exhaustive()
    }
}

impl Port {
    /// A line that carries bytes both ways.
    pub fn two_way(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Self {
        Self { arrivals: read_in_background(reader), writer: Some(Box::new(writer)) }
    }

    /// A line without a way back.
    pub fn one_way(reader: impl Read + Send + 'static) -> Self {
        Self { arrivals: read_in_background(reader), writer: None }
    }

    /// Waits for bytes, at most `patience`.
    pub fn receive(&self, patience: Duration) -> Arrival {
        match self.arrivals.recv_timeout(patience) {
            Ok(Ok(bytes)) => Arrival::Bytes(bytes),
            Ok(Err(error)) => Arrival::Broken(error),
            Err(RecvTimeoutError::Timeout) => Arrival::Nothing,
            Err(RecvTimeoutError::Disconnected) => Arrival::Closed,
        }
    }

    /// Sends `bytes` if there is a way back.
    pub fn send(&mut self, bytes: &[u8]) {
        if let Some(writer) = &mut self.writer {
            let _ = writer.write_all(bytes).and_then(|()| writer.flush());
        }
    }
}

impl Line for Port {
    fn receive(&mut self, patience: Duration) -> Arrival {
        Self::receive(self, patience)
    }

    fn send(&mut self, bytes: &[u8]) {
        Self::send(self, bytes);
    }
}

fn read_in_background(reader: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, arrivals) = mpsc::sync_channel(WAITING_CHUNKS);
    thread::spawn(move || read_to_end(reader, &sender));
    arrivals
}

fn read_to_end(mut reader: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let arrival = match reader.read(&mut chunk) {
            Ok(0) => return,
            Ok(length) => Ok(chunk[..length].to_vec()),
            Err(error) if is_passing(&error) => continue,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
            Err(error) => Err(error),
        };
        let broken = arrival.is_err();
        if sender.send(arrival).is_err() || broken {
            return;
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::{Arrival, Port};

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn what_was_sent_before_the_end_still_arrives() {
        let (mut guest, host) = UnixStream::pair().expect("a pair");
        let port = Port::two_way(host.try_clone().expect("a second handle"), host);
        guest.write_all(b"last words").expect("room");
        drop(guest);
        assert!(matches!(port.receive(LONG), Arrival::Bytes(bytes) if bytes == b"last words"));
        assert!(matches!(port.receive(LONG), Arrival::Closed));
    }

    #[test]
    fn silence_ends_with_patience() {
        let (_guest, host) = UnixStream::pair().expect("a pair");
        let port = Port::one_way(host);
        assert!(matches!(port.receive(Duration::from_millis(1)), Arrival::Nothing));
    }

    #[test]
    fn replies_go_back() {
        let (mut guest, host) = UnixStream::pair().expect("a pair");
        let mut port = Port::two_way(host.try_clone().expect("a second handle"), host);
        port.send(b"hello");
        let mut heard = [0; 5];
        guest.read_exact(&mut heard).expect("five bytes");
        assert_eq!(&heard, b"hello");
    }
}
