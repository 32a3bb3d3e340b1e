//! How `--port` names a line.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{Port, PortError};

/// How long a read of a serial device waits before it tries again.
const SERIAL_TIMEOUT: Duration = Duration::from_millis(100);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortAddress {
    /// A serial device such as `/dev/ttyUSB0`.
    Device(String),
    /// `tcp:HOST:PORT`
    Tcp(String),
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
            Self::Unix(_) => "unix",
            Self::Stdin => "stdin",
        }
    }

    /// Opens it; `baud` matters to a serial device only.
    pub fn open(&self, baud: u32) -> Result<Port, PortError> {
        self.connect(baud).map_err(|source| PortError::NotOpened {
            address: self.clone(),
            source,
            mend: self.mend(),
        })
    }

    fn connect(&self, baud: u32) -> io::Result<Port> {
        match self {
            Self::Device(path) => {
                let device = serialport::new(path, baud).timeout(SERIAL_TIMEOUT).open()?;
                Ok(Port::two_way(device.try_clone()?, device))
            }
            Self::Tcp(peer) => {
                let stream = TcpStream::connect(peer)?;
                stream.set_nodelay(true)?;
                Ok(Port::two_way(stream.try_clone()?, stream))
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                Ok(Port::two_way(stream.try_clone()?, stream))
            }
            Self::Stdin => Ok(Port::one_way(io::stdin())),
        }
    }

    fn mend(&self) -> &'static str {
        match self {
            Self::Device(_) => "check the cable, the name, and that you are in the group `dialout`",
            Self::Tcp(_) | Self::Unix(_) => "start the other end first",
            Self::Stdin => "give it something to read",
        }
    }
}

impl FromStr for PortAddress {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" {
            Self::Stdin
        } else if let Some(peer) = text.strip_prefix("tcp:") {
            Self::Tcp(peer.to_owned())
        } else if let Some(path) = text.strip_prefix("unix:") {
            Self::Unix(path.into())
        } else {
            Self::Device(text.to_owned())
        })
    }
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => f.write_str(path),
            Self::Tcp(peer) => write!(f, "tcp:{peer}"),
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
        for text in ["/dev/ttyUSB0", "tcp:[::1]:4444", "unix:/tmp/line", "-"] {
            let address: PortAddress = text.parse().expect("every text is an address");
            assert_eq!(address.to_string(), text);
        }
    }
}
