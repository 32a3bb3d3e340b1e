//! Where people can read: the serial line, and the screen where there is no line.

mod bounded;
mod choice;
mod port;
mod registers;
pub mod serial;
pub mod vga;

use core::fmt::{self, Write};

use unikernel::acpi::Acpi;
use unikernel::boot_info::{BootInfo, BootRoute};
use unikernel::uart::LineWishes;
use wire::guest::SerialPort;

pub use choice::{Chosen, Place, Unmet};
pub use port::Port;
pub use serial::Line;

/// Finds out what there is, and says so on the screen if there is no serial line.
pub fn open(info: &BootInfo, wishes: LineWishes, acpi: Option<Acpi>) -> Chosen {
    if info.route != BootRoute::Multiboot2Uefi {
        vga::enable();
    }
    let chosen = choice::choose(info, wishes, acpi);
    if chosen.line.is_none() {
        vga::say(format_args!(
            "rmapbench: there is no serial port that works, so the results stay in this machine. \
             Running on.\n"
        ));
    }
    chosen
}

/// Says a sentence to people, on line and screen, before the link owns the line.
pub fn first_words(text: fmt::Arguments<'_>) {
    last_words(format_args!("rmapbench: {text}.\n"));
}

/// Says something to people, on line and screen. Only for those who will say nothing more: the line
/// belongs to the link.
pub fn last_words(text: fmt::Arguments<'_>) {
    if let Some(line) = Line::adopt() {
        // A line that is stuck cannot be helped any more.
        let _ = Text(line).write_fmt(text);
    }
    vga::say(text);
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
