//! A console server that lets its serial line be set (RFC 2217): telnet with COM-PORT-OPTION, of which
//! the crate `rfc2217` knows the protocol.

mod session;

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rfc2217::NotReady;
pub use session::Session;

use super::{Baud, Port, socket};

/// Servers answer at once; one that has not by then does not speak it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the deadline is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Bytes read at once.
const CHUNK: usize = 4096;

/// The most that a guest may say while the line is being set.
const MOST_EARLY: usize = 1 << 20;

/// Why there is no line.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// The server is not there, or went away.
    Line(io::Error),
    /// The server does not set its line so.
    Settings(NotReady),
}

impl From<io::Error> for NotTaken {
    fn from(error: io::Error) -> Self {
        Self::Line(error)
    }
}

/// Connects, and has the server set its line to 8N1 at `baud` without flow control.
pub(super) fn open(peer: &str, baud: Baud) -> Result<Port, NotTaken> {
    let mut stream = socket::connect(peer)?;
    let mut session = Session::new(baud);
    stream.set_read_timeout(Some(TICK))?;
    let early = settle(&mut stream, &mut session)?;
    stream.set_read_timeout(None)?;
    let session = Arc::new(Mutex::new(session));
    let writer = End { stream: stream.try_clone()?, session: Arc::clone(&session) };
    let reader = Reader { end: End { stream, session }, here: early, taken: 0 };
    Ok(Port::two_way(reader, writer))
}

/// Negotiates until every setting is confirmed; what the guest said meanwhile.
fn settle(stream: &mut TcpStream, session: &mut Session) -> Result<Vec<u8>, NotTaken> {
    let deadline = Instant::now() + PATIENCE;
    let (mut early, mut chunk) = (Vec::new(), [0; CHUNK]);
    loop {
        stream.write_all(&session.take_output())?;
        match session.readiness() {
            Ok(()) => return Ok(early),
            Err(why @ (NotReady::Refused | NotReady::Mismatched(_))) => {
                return Err(NotTaken::Settings(why));
            }
            Err(why) if Instant::now() >= deadline || early.len() > MOST_EARLY => {
                return Err(NotTaken::Settings(why));
            }
            Err(_) => {}
        }
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(length) => early.extend(session.hear(&chunk[..length])),
            Err(error) if super::is_passing(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The socket with what is known of the conversation on it. Reader and writer have one each.
#[derive(Debug)]
struct End {
    stream: TcpStream,
    session: Arc<Mutex<Session>>,
}

impl End {
    /// Lets `act` on the session, and sends what comes of it. Both ends send under the lock, so that no
    /// command is torn apart.
    fn with_session<T>(&mut self, act: impl FnOnce(&mut Session) -> T) -> io::Result<T> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = act(&mut session);
        // A peer without room is no silence that passes: what was to be said is torn apart.
        self.stream.write_all(&session.take_output()).map_err(io::Error::other)?;
        Ok(outcome)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with_session(|session| session.say(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What the guest says, without the telnet around it.
#[derive(Debug)]
struct Reader {
    end: End,
    /// Bytes of the guest of which the first `taken` were read.
    here: Vec<u8>,
    taken: usize,
}

impl Reader {
    /// Reads more; 0 at the end.
    fn refill(&mut self) -> io::Result<usize> {
        // Where somebody else has set the line, what follows makes no sense.
        self.end.with_session(|session| session.readiness())?.map_err(io::Error::other)?;
        let mut chunk = [0; CHUNK];
        let length = self.end.stream.read(&mut chunk)?;
        self.here = self.end.with_session(|session| session.hear(&chunk[..length]))?;
        self.taken = 0;
        Ok(length)
    }
}

impl Read for Reader {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.here.len() {
            if self.refill()? == 0 {
                return Ok(0);
            }
        }
        let rest = &self.here[self.taken..];
        let length = rest.len().min(room.len());
        room[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}
