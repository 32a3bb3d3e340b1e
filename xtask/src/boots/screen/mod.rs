//! What a guest shows on its screen, as QEMU's monitor tells it: text out of the VGA's memory, or characters
//! recognised in a picture.

mod picture;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use screen::{COLUMNS, ROWS};

use super::guest::{Guest, PATIENCE};

/// Where the VGA's text lies, and its 80 x 25 cells of character and colour.
const ADDRESS: &str = "0xb8000";
const BYTES: usize = COLUMNS * ROWS * 2;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// How a screen can be read.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// The VGA is in text mode.
    TextMode,
    /// There are pixels.
    Pixels,
}

/// A guest's screen.
pub struct Screen {
    monitor: UnixStream,
    dump: PathBuf,
    reading: Reading,
    /// The longest wait for what is wanted.
    patience: Duration,
}

impl Screen {
    /// The screen of `guest`.
    pub fn of(guest: &Guest, reading: Reading) -> Result<Self, String> {
        let monitor = UnixStream::connect(guest.monitor()?).map_err(|error| error.to_string())?;
        Ok(Self { monitor, dump: guest.scratch("screen"), reading, patience: PATIENCE })
    }

    /// Waits so long instead of as long as is usual.
    pub fn waiting(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Waits until the screen shows `text`, and returns all that it shows then, line by line.
    pub fn wait_for(&mut self, text: &str) -> Result<String, String> {
        let seen = self.wait_until(|seen| seen.contains(text));
        seen.map_err(|last| format!("the screen does not say `{text}` but\n{last}"))
    }

    /// Waits until what the screen shows is `wanted`, and returns it; what it shows last, if it never is.
    pub fn wait_until(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let deadline = Instant::now() + self.patience;
        let mut seen = String::new();
        while Instant::now() < deadline {
            seen = self.look()?;
            if wanted(&seen) {
                return Ok(seen);
            }
        }
        Err(seen.trim_end().to_owned())
    }

    /// Presses a key, by QEMU's name, again and again until what the screen shows is `wanted`.
    pub fn press_until(&mut self, key: &str, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + self.patience;
        while Instant::now() < deadline {
            self.tell(&format!("sendkey {key}"))?;
            if wanted(&self.look()?) {
                return Ok(());
            }
        }
        Err(format!("the key {key} leads to no such page"))
    }

    /// What the screen shows now.
    pub fn look(&mut self) -> Result<String, String> {
        // Written anew by the monitor, at any time from now on.
        let _ = fs::remove_file(&self.dump);
        let dump = self.dump.display();
        let command = match self.reading {
            Reading::TextMode => format!("pmemsave {ADDRESS} {BYTES} \"{dump}\""),
            Reading::Pixels => format!("screendump \"{dump}\""),
        };
        self.tell(&command)?;
        thread::sleep(PAUSE);
        Ok(read(&self.dump, self.reading))
    }

    fn tell(&mut self, command: &str) -> Result<(), String> {
        writeln!(self.monitor, "{command}").map_err(|error| error.to_string())
    }
}

fn read(dump: &Path, reading: Reading) -> String {
    let bytes = fs::read(dump).unwrap_or_default();
    match reading {
        Reading::TextMode => text(&bytes),
        Reading::Pixels => picture::text(&bytes).unwrap_or_default(),
    }
}

/// The characters, without their colours.
fn text(memory: &[u8]) -> String {
    let line = |cells: &[u8]| cells.iter().step_by(2).map(|byte| char::from(*byte)).collect();
    memory.chunks(2 * COLUMNS).map(line).collect::<Vec<String>>().join("\n")
}
