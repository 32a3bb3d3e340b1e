//! Sockets that carry the line's bytes as they are.

use std::io::{self, ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::Port;

/// A peer that does not answer within this is not there.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// The host speaks little; a peer that has no room even for that for so long reads no more.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// A peer that lost its power says nothing, and nor may a guest that measures: after so many seconds
/// without a byte the peer's kernel is asked, so often, and is gone if it never answers.
const KEEP_ALIVE: (u32, u32, u32) = (10, 5, 4);

pub(super) fn open_tcp(peer: &str) -> io::Result<Port> {
    let stream = connect(peer)?;
    Ok(Port::two_way(NoTelnet::new(stream.try_clone()?), stream))
}

pub(super) fn open_unix(path: &Path) -> io::Result<Port> {
    let stream = UnixStream::connect(path)?;
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    Ok(Port::two_way(stream.try_clone()?, stream))
}

/// Connects to the first of the peer's addresses that answers.
pub(super) fn connect(peer: &str) -> io::Result<TcpStream> {
    let mut refusal = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in peer.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
            Ok(stream) => return prepared(stream),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    let (idle, interval, count) = KEEP_ALIVE;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    setsockopt(&stream, sockopt::KeepAlive, &true)?;
    setsockopt(&stream, sockopt::TcpKeepIdle, &idle)?;
    setsockopt(&stream, sockopt::TcpKeepInterval, &interval)?;
    setsockopt(&stream, sockopt::TcpKeepCount, &count)?;
    Ok(stream)
}

/// Telnet commands (RFC 854): "interpret as command", then will, won't, do, don't and an option.
const IAC: u8 = 255;
const NEGOTIATION: std::ops::RangeInclusive<u8> = 251..=254;

/// The bytes of a raw connection, unless its first ones show a telnet server, which would double every
/// 255 and slip words of its own in.
#[derive(Debug)]
struct NoTelnet<R> {
    inner: R,
    first: Vec<u8>,
}

impl<R: Read> NoTelnet<R> {
    const fn new(inner: R) -> Self {
        Self { inner, first: Vec::new() }
    }

    fn is_telnet(&self) -> bool {
        matches!(self.first[..], [IAC, verb, _] if NEGOTIATION.contains(&verb))
    }
}

impl<R: Read> Read for NoTelnet<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(room)?;
        let wanted = 3 - self.first.len();
        if wanted > 0 {
            self.first.extend(room[..length].iter().take(wanted));
            if self.is_telnet() {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "the other end speaks telnet; name it as rfc2217:HOST:PORT, or name its raw port",
                ));
            }
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};

    use super::NoTelnet;

    /// Reads all, a byte at a time, as a slow line brings them.
    fn read(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut line = NoTelnet::new(bytes);
        let (mut all, mut byte) = (Vec::new(), [0]);
        while line.read(&mut byte)? > 0 {
            all.push(byte[0]);
        }
        Ok(all)
    }

    #[test]
    fn a_telnet_server_is_known_by_its_first_words() {
        // As ser2net and as inetd's telnetd begin.
        for greeting in [&b"\xff\xfb\x01\xff\xfb\x03login:"[..], b"\xff\xfd\x18\xff\xfd\x20"] {
            let error = read(greeting).expect_err("telnet");
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("rfc2217:HOST:PORT"), "{error}");
        }
    }

    #[test]
    fn other_bytes_pass_as_they_are() {
        for bytes in
            [&b""[..], b"\xff", b"\xff\xff\xfb\x01", b"SeaBIOS\xff\xfb\x01", b"\0\xff\xfd\x01"]
        {
            assert_eq!(read(bytes).expect("no telnet"), bytes);
        }
    }
}
