//! Where people can read: the serial line and the screen.

mod bounded;
mod choice;
mod port;
mod registers;
pub mod serial;

use core::fmt::{self, Write};

use unikernel::acpi::Acpi;
use unikernel::boot_info::BootInfo;
use unikernel::uart::LineWishes;
use wire::guest::SerialPort;

pub use choice::{Chosen, Place, Unmet};
pub use port::Port;
pub use serial::Line;

use super::screen;

/// Finds out what there is.
pub fn open(info: &BootInfo, wishes: LineWishes, acpi: Option<Acpi>) -> Chosen {
    screen::open(info);
    let chosen = choice::choose(info, wishes, acpi);
    match &chosen.place {
        Some(place) => screen::set_line(Some(format_args!("{place}"))),
        None => screen::set_line(None),
    }
    chosen
}

/// Says a sentence to people on the line, before the link owns it.
pub fn first_words(text: fmt::Arguments<'_>) {
    if let Some(line) = Line::adopt() {
        // A line that is stuck will not do for the results either, which says enough.
        let _ = Text(line).write_fmt(format_args!("rmapbench: {text}.\n"));
    }
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
