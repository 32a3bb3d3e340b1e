//! What stands between a guest's socket and the tool's port, and how it fails.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use rfc2217::Server;

/// How long one side is listened to before the other has its turn.
const TICK: Duration = Duration::from_millis(1);

/// When the line goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// When the guest or the tool does.
    Never,
    /// When so many bytes of the guest have passed; what it says next is lost.
    After(usize),
}

impl Cut {
    /// How much may still pass.
    fn left(self, passed: usize) -> usize {
        match self {
            Self::Never => usize::MAX,
            Self::After(bytes) => bytes - passed,
        }
    }
}

/// A line without telnet.
pub fn carry(cable: &UnixStream, mut host: &TcpStream, cut: Cut) {
    host.set_read_timeout(Some(TICK)).expect("a timeout is allowed");
    pump(cable, &mut host, cut);
    hang_up(host);
}

/// A console server's line.
pub fn carry_telnet(cable: &UnixStream, host: &TcpStream, server: &mut Server, cut: Cut) {
    host.set_read_timeout(Some(TICK)).expect("a timeout is allowed");
    pump(cable, &mut Telnet { host, server }, cut);
    hang_up(host);
}

/// Closes the connection such that all that was sent arrives.
fn hang_up(mut host: &TcpStream) {
    // Both fail if the tool was faster.
    let _ = host.shutdown(Shutdown::Write);
    let _ = host.set_read_timeout(None);
    let _ = io::copy(&mut host, &mut io::sink());
}

/// Passes bytes on both ways until either side ends, or `cut`.
fn pump(mut cable: &UnixStream, host: &mut (impl Read + Write), cut: Cut) {
    cable.set_read_timeout(Some(TICK)).expect("a timeout is allowed");
    let (mut chunk, mut passed) = ([0; 512], 0);
    loop {
        match listen(&mut cable, &mut chunk) {
            Some(0) => return,
            Some(length) => {
                let passing = length.min(cut.left(passed));
                if pass_on(host, &chunk[..passing]).is_err() {
                    return;
                }
                passed += passing;
                if cut.left(passed) == 0 {
                    return;
                }
            }
            None => {}
        }
        match listen(host, &mut chunk) {
            Some(0) => return,
            Some(length) => cable.write_all(&chunk[..length]).expect("the guest listens"),
            None => {}
        }
    }
}

/// How many bytes came in, 0 at the end; `None` if none came so soon.
fn listen(from: &mut impl Read, chunk: &mut [u8]) -> Option<usize> {
    match from.read(chunk) {
        Ok(length) => Some(length),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(_) => Some(0),
    }
}

fn pass_on(to: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(TICK),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The server's end of a telnet connection.
struct Telnet<'p> {
    host: &'p TcpStream,
    server: &'p mut Server,
}

impl Telnet<'_> {
    fn answer(&mut self) -> io::Result<()> {
        self.host.write_all(&self.server.take_output())
    }
}

impl Read for Telnet<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.answer()?;
        let length = self.host.read(room)?;
        let said = self.server.receive(&room[..length]);
        while self.server.poll_event().is_some() {}
        self.answer()?;
        if said.is_empty() && length > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        room[..said.len()].copy_from_slice(&said);
        Ok(said.len())
    }
}

impl Write for Telnet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.server.write_data(bytes);
        self.answer()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A serial device without hardware. Dropping it unplugs it.
pub struct Pty {
    master: File,
    device: OwnedFd,
}

impl Pty {
    pub fn open() -> Self {
        let pair = openpty(None, None).expect("a pseudo terminal");
        let mut settings = tcgetattr(&pair.slave).expect("it is a terminal");
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).expect("it can be raw");
        // A tool that inherited it would hold it, and could not see it unplugged.
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("a flag is allowed");
        }
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a flag is allowed");
        Self { master: File::from(pair.master), device: pair.slave }
    }

    /// Gives the device a name.
    pub fn appear_at(&self, link: &Path) {
        let name = ttyname(&self.device).expect("it has a name");
        symlink(name, link).expect("a new name");
    }

    /// A line that ends here. Calls `when_open` once the tool has spoken.
    pub fn carry(&self, cable: &UnixStream, cut: Cut, when_open: impl FnOnce()) {
        let mut end = Master { file: &self.master, when_open: Some(when_open) };
        pump(cable, &mut end, cut);
    }

    /// The rate that the device is set to, in baud.
    pub fn rate(&self) -> u32 {
        rustix::termios::tcgetattr(&self.device).expect("it is a terminal").output_speed()
    }
}

struct Master<'p, F> {
    file: &'p File,
    when_open: Option<F>,
}

impl<F: FnOnce()> Read for Master<'_, F> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(room)?;
        if let Some(when_open) = self.when_open.take() {
            when_open();
        }
        Ok(length)
    }
}

impl<F> Write for Master<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
