//! What a guest has written to the BIOS text screen, read out of its memory by QEMU's monitor.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::guest::{Guest, PATIENCE};

/// Where the text screen lies, and its 80 x 25 cells of character and colour.
const ADDRESS: &str = "0xb8000";
const BYTES: usize = 80 * 25 * 2;

/// Waits until the screen shows `text`.
pub fn wait_for(guest: &Guest, text: &str) -> Result<(), String> {
    wait_at_most(PATIENCE, guest, text)
}

/// The same, with a patience of the caller's.
pub fn wait_at_most(patience: Duration, guest: &Guest, text: &str) -> Result<(), String> {
    let mut screen = Screen::of(guest)?;
    let deadline = Instant::now() + patience;
    let mut seen = String::new();
    while Instant::now() < deadline {
        seen = screen.read()?;
        if seen.contains(text) {
            return Ok(());
        }
    }
    Err(format!("the screen does not say `{text}` but `{}`", seen.trim()))
}

/// What the screen shows now.
pub fn read(guest: &Guest) -> Result<String, String> {
    Screen::of(guest)?.read()
}

struct Screen {
    monitor: UnixStream,
    dump: PathBuf,
}

impl Screen {
    fn of(guest: &Guest) -> Result<Self, String> {
        let monitor = UnixStream::connect(guest.monitor()?).map_err(|error| error.to_string())?;
        Ok(Self { monitor, dump: guest.scratch("screen") })
    }

    fn read(&mut self) -> Result<String, String> {
        let command = format!("pmemsave {ADDRESS} {BYTES} \"{}\"\n", self.dump.display());
        self.monitor.write_all(command.as_bytes()).map_err(|error| error.to_string())?;
        thread::sleep(Duration::from_millis(200));
        Ok(shown(&fs::read(&self.dump).unwrap_or_default()))
    }
}

/// The characters, without their colours, lines run together.
fn shown(memory: &[u8]) -> String {
    memory.iter().step_by(2).map(|byte| char::from(*byte)).collect()
}
