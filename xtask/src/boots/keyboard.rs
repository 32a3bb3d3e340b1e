//! Somebody at the other end of the serial line who chooses from GRUB's menu, then leaves the line to
//! the host tool.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::pipe::pass_on_both_ways;

/// From the machine's start to its menu, on a busy host.
const PATIENCE: Duration = Duration::from_mins(1);

/// What GRUB says below its menu while it counts down.
const COUNTDOWN: &[u8] = b"The highlighted entry will be executed automatically";

/// Presses `key` in the menu of the guest at `line`; the line goes on at a new socket, `rest`.
pub fn press_in_menu(line: &Path, key: u8, rest: &Path) -> Result<(), String> {
    try_press(line, key, rest).map_err(|error| format!("no menu on the serial line: {error}"))
}

fn try_press(line: &Path, key: u8, rest: &Path) -> io::Result<()> {
    let mut line = UnixStream::connect(line)?;
    line.set_read_timeout(Some(PATIENCE))?;
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !seen.windows(COUNTDOWN.len()).any(|window| window == COUNTDOWN) {
        match line.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => seen.extend_from_slice(&chunk[..length]),
        }
    }
    line.write_all(&[key])?;
    line.set_read_timeout(None)?;
    let listener = UnixListener::bind(rest)?;
    // Until the host tool comes, nobody reads, which holds the guest.
    thread::spawn(move || listener.accept().map(|(host, _)| pass_on_both_ways(&line, &host)));
    Ok(())
}
