//! Where people can read: the serial line and the screen.

mod bounded;
mod port;
pub mod serial;

use core::fmt::{self, Write};

use unikernel::boot_info::BootInfo;
use wire::guest::SerialPort;

pub use port::Port;
pub use serial::Line;

use super::screen;

/// Finds out what there is.
pub fn open(info: &BootInfo) -> Option<Line> {
    screen::open(info);
    let line = match info.option("serial") {
        Some("none") => None,
        _ => Line::open(),
    };
    screen::set_line(line.is_some().then_some(format_args!("COM1 at 115200 baud")));
    line
}

/// Says something to people, on line and screen. Only for those who will say nothing more: the line
/// belongs to the link.
pub fn last_words(text: fmt::Arguments<'_>) {
    if let Some(line) = Line::adopt() {
        // A line that is stuck cannot be helped any more.
        let _ = Text(line).write_fmt(text);
    }
    screen::last_words(text);
}

/// Text with the line ends that terminals expect.
struct Text(Line);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            let (words, end) = match piece.strip_suffix('\n') {
                Some(words) => (words, &b"\r\n"[..]),
                None => (piece, &b""[..]),
            };
            self.0.send(words.as_bytes()).map_err(|_| fmt::Error)?;
            self.0.send(end).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}
