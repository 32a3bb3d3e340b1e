//! How `--port` names a line.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use super::rfc2217::{self, NotTaken};
use super::{Baud, Port, PortError, device, socket};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortAddress {
    /// A serial device such as `/dev/ttyUSB0`.
    Device(String),
    /// `tcp:HOST:PORT`, bytes as they are.
    Tcp(String),
    /// `rfc2217:HOST:PORT`, a console server whose serial line can be set.
    Rfc2217(String),
    /// `unix:PATH`
    Unix(PathBuf),
    /// `-`
    Stdin,
}

impl PortAddress {
    /// A word for it in the name of a result folder.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Device(_) => "serial",
            Self::Tcp(_) => "tcp",
            Self::Rfc2217(_) => "rfc2217",
            Self::Unix(_) => "unix",
            Self::Stdin => "stdin",
        }
    }

    /// Whether what is gone may come back.
    pub const fn can_return(&self) -> bool {
        !matches!(self, Self::Stdin)
    }

    /// Opens it; `baud` matters to a serial device and to the one of a console server. Takes some seconds
    /// where nobody answers.
    pub fn open(&self, baud: Baud) -> Result<Port, PortError> {
        let opened = match self {
            Self::Device(path) => device::open(path, baud),
            Self::Tcp(peer) => socket::open_tcp(peer),
            Self::Rfc2217(peer) => match rfc2217::open(peer, baud) {
                Ok(port) => Ok(port),
                Err(NotTaken::Line(error)) => Err(error),
                Err(NotTaken::Settings(why)) => return Err(self.not_set(baud, why)),
            },
            Self::Unix(path) => socket::open_unix(path),
            Self::Stdin => Ok(Port::one_way(io::stdin())),
        };
        opened.map_err(|source| self.not_opened(source))
    }

    fn not_opened(&self, source: io::Error) -> PortError {
        let mend = match self {
            Self::Device(_) => {
                "check the cable, the name, that no other program has it open, and that you are in the \
                 group `dialout`"
            }
            Self::Tcp(_) | Self::Rfc2217(_) | Self::Unix(_) => {
                "start the other end first, or wait for it with --wait"
            }
            Self::Stdin => "give it something to read",
        };
        PortError::NotOpened { address: self.clone(), source, mend }
    }

    fn not_set(&self, baud: Baud, why: ::rfc2217::NotReady) -> PortError {
        use ::rfc2217::NotReady::{Mismatched, Negotiating, Refused};
        let mend = match why {
            Negotiating | Refused => "if it is a raw port, name it as tcp:HOST:PORT",
            Mismatched(_) => "choose a --baud that it has, for the guest too",
            _ => "restart the console server's port",
        };
        PortError::NotSet { address: self.clone(), baud, why, mend }
    }
}

/// A `--port` that names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// No `HOST:PORT`.
    #[error("write it as {0}:HOST:PORT")]
    NoPeer(&'static str),
    /// No path.
    #[error("write it as unix:PATH")]
    NoPath,
    /// Nothing.
    #[error("name a device, tcp:HOST:PORT, rfc2217:HOST:PORT, unix:PATH, or -")]
    Empty,
}

impl FromStr for PortAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if let Some(rest) = text.strip_prefix("tcp:") {
            return peer("tcp", rest).map(Self::Tcp);
        }
        if let Some(rest) = text.strip_prefix("rfc2217:") {
            return peer("rfc2217", rest).map(Self::Rfc2217);
        }
        match text.strip_prefix("unix:") {
            Some("") => Err(BadAddress::NoPath),
            Some(path) => Ok(Self::Unix(path.into())),
            None if text.is_empty() => Err(BadAddress::Empty),
            None if text == "-" => Ok(Self::Stdin),
            None => Ok(Self::Device(text.to_owned())),
        }
    }
}

fn peer(scheme: &'static str, text: &str) -> Result<String, BadAddress> {
    let (host, port) = text.rsplit_once(':').ok_or(BadAddress::NoPeer(scheme))?;
    let is_peer = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_peer.then(|| text.to_owned()).ok_or(BadAddress::NoPeer(scheme))
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => f.write_str(path),
            Self::Tcp(peer) => write!(f, "tcp:{peer}"),
            Self::Rfc2217(peer) => write!(f, "rfc2217:{peer}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Stdin => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PortAddress;

    #[test]
    fn an_address_is_shown_as_it_was_typed() {
        for text in
            ["/dev/ttyUSB0", "tcp:[::1]:4444", "rfc2217:console.lab:7001", "unix:/tmp/line", "-"]
        {
            let address: PortAddress = text.parse().expect("an address");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn half_an_address_is_refused_with_how_to_write_it() {
        for (half, mend) in [
            ("tcp:", "tcp:HOST:PORT"),
            ("tcp:host", "tcp:HOST:PORT"),
            ("tcp::23", "tcp:HOST:PORT"),
            ("rfc2217:host:0", "rfc2217:HOST:PORT"),
            ("rfc2217:host:serial", "rfc2217:HOST:PORT"),
            ("unix:", "unix:PATH"),
            ("", "name a device"),
        ] {
            let said = half.parse::<PortAddress>().expect_err("half an address").to_string();
            assert!(said.contains(mend), "{half}: {said}");
        }
    }
}
