//! What the boot loader said, in the one form that the rest of the kernel knows.

use core::fmt;

use heapless::{String, Vec};

use crate::memory_map::Range;
use crate::video::VideoMode;

/// The most areas that a memory map may have.
pub const MAX_AREAS: usize = 256;

/// The longest kernel command line, in bytes.
pub const MAX_COMMAND_LINE: usize = 1024;

/// How the kernel was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootRoute {
    /// By a multiboot2 loader on BIOS firmware.
    Multiboot2Bios,
    /// By a multiboot2 loader on UEFI firmware.
    Multiboot2Uefi,
    /// By the PVH protocol, as QEMU's `-kernel` does it.
    Pvh,
}

impl BootRoute {
    /// The route as a fact's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Multiboot2Bios => "multiboot2-bios",
            Self::Multiboot2Uefi => "multiboot2-uefi",
            Self::Pvh => "pvh",
        }
    }
}

/// Whether software may use an area of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaKind {
    /// Plain memory.
    Usable,
    /// Anything else.
    Reserved,
}

/// One line of the firmware's memory map, as reported: any order, alignment or overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// First physical address.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
    /// Its use.
    pub kind: AreaKind,
}

/// Everything the boot loader said that this kernel wants.
#[derive(Debug)]
pub struct BootInfo {
    /// How the kernel was started.
    pub route: BootRoute,
    /// The firmware's memory map.
    pub areas: Vec<Area, MAX_AREAS>,
    /// In what state the screen is.
    pub video_mode: VideoMode,
    command_line: String<MAX_COMMAND_LINE>,
    module: Option<Range>,
    loader: String<64>,
}

/// Why the boot information cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// Neither multiboot2 nor PVH.
    UnknownLoader {
        /// EAX at entry.
        magic: u32,
    },
    /// The loader's structure contradicts itself.
    Malformed(&'static str),
    /// There is no memory map.
    NoMemoryMap,
    /// The memory map has more than [`MAX_AREAS`] areas.
    TooManyAreas,
    /// The command line is longer than [`MAX_COMMAND_LINE`] bytes.
    CommandLineTooLong,
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownLoader { magic } => write!(
                f,
                "the boot loader speaks neither multiboot2 nor PVH (EAX {magic:#x}): boot the ISO, \
                 or the ELF by QEMU's -kernel"
            ),
            Self::Malformed(what) => {
                write!(f, "the boot information is malformed ({what}): try another boot loader")
            }
            Self::NoMemoryMap => {
                f.write_str("the boot loader gave no memory map: try another boot loader")
            }
            Self::TooManyAreas => write!(
                f,
                "the memory map has more than {MAX_AREAS} areas: raise MAX_AREAS and build again"
            ),
            Self::CommandLineTooLong => {
                write!(f, "the command line is too long: shorten it to {MAX_COMMAND_LINE} bytes")
            }
        }
    }
}

impl BootInfo {
    /// Nothing known yet.
    pub const fn new() -> Self {
        Self {
            route: BootRoute::Multiboot2Bios,
            areas: Vec::new(),
            video_mode: VideoMode::Unknown,
            command_line: String::new(),
            module: None,
            loader: String::new(),
        }
    }

    /// Adds an area of the memory map.
    ///
    /// # Errors
    /// [`BootError::TooManyAreas`].
    pub fn add_area(&mut self, area: Area) -> Result<(), BootError> {
        self.areas.push(area).map_err(|_| BootError::TooManyAreas)
    }

    /// Copies the command line; bytes outside of printable ASCII become `?`.
    ///
    /// # Errors
    /// [`BootError::CommandLineTooLong`].
    pub fn set_command_line(&mut self, text: &[u8]) -> Result<(), BootError> {
        self.command_line.clear();
        for &byte in text {
            self.command_line.push(printable(byte)).map_err(|_| BootError::CommandLineTooLong)?;
        }
        Ok(())
    }

    /// Notes where the boot module lies.
    pub const fn set_module(&mut self, addresses: Range) {
        self.module = Some(addresses);
    }

    /// Copies as much of the loader's name as fits.
    pub fn set_loader(&mut self, name: &str) {
        self.loader.clear();
        for byte in name.bytes() {
            if self.loader.push(printable(byte)).is_err() {
                return;
            }
        }
    }

    /// The physical addresses of the boot module, if there was one. It stays where it is: a trace may be
    /// of any length.
    pub const fn module(&self) -> Option<Range> {
        self.module
    }

    /// The kernel command line.
    pub fn command_line(&self) -> &str {
        &self.command_line
    }

    /// The boot loader's name, empty if it gave none.
    pub fn loader(&self) -> &str {
        &self.loader
    }

    /// The value of the last word `key=value` of the command line.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.command_line
            .split_ascii_whitespace()
            .filter_map(|word| word.split_once('='))
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value)
            .next_back()
    }
}

impl Default for BootInfo {
    fn default() -> Self {
        Self::new()
    }
}

const fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => byte as char,
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_command_line(text: &[u8]) -> BootInfo {
        let mut info = BootInfo::new();
        info.set_command_line(text).expect("it fits");
        info
    }

    #[test]
    fn the_last_word_of_a_kind_counts() {
        let info = with_command_line(b"serial=none crash=ud2  crash=panic quiet");
        assert_eq!(info.option("crash"), Some("panic"));
        assert_eq!(info.option("serial"), Some("none"));
        assert_eq!(info.option("quiet"), None);
    }

    #[test]
    fn a_hostile_command_line_becomes_printable() {
        assert_eq!(with_command_line(b"a\0\xff\x1bb").command_line(), "a???b");
    }

    #[test]
    fn a_command_line_that_does_not_fit_is_refused() {
        let mut info = BootInfo::new();
        assert_eq!(
            info.set_command_line(&[b'x'; MAX_COMMAND_LINE + 1]),
            Err(BootError::CommandLineTooLong)
        );
    }
}
