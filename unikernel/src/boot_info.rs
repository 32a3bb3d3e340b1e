//! What the boot loader said, in the one form that the rest of the kernel knows.

use core::fmt;

use heapless::{String, Vec};

use crate::acpi::RsdpHint;
use crate::memory_map::{LOW_MEMORY_END, Range};
use crate::video::VideoMode;

/// The most areas that a memory map may have.
pub const MAX_AREAS: usize = 256;

/// The longest kernel command line, in bytes.
pub const MAX_COMMAND_LINE: usize = 1024;

/// The most boot modules.
pub const MAX_MODULES: usize = 16;

/// The longest name of a boot module, in bytes.
pub const MAX_MODULE_NAME: usize = 64;

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

/// A file that the loader put into memory. It stays where it is: a trace may be of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootModule {
    name: String<MAX_MODULE_NAME>,
    /// Its physical addresses.
    pub addresses: Range,
}

impl BootModule {
    /// The first word of its command line, as much as fits into [`MAX_MODULE_NAME`]; empty if it has none.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Everything the boot loader said that this kernel wants.
#[derive(Debug)]
pub struct BootInfo {
    /// How the kernel was started.
    pub route: BootRoute,
    /// The firmware's memory map.
    pub areas: Vec<Area, MAX_AREAS>,
    /// Where the ACPI tables begin.
    pub rsdp: RsdpHint,
    /// In what state the screen is.
    pub video_mode: VideoMode,
    command_line: String<MAX_COMMAND_LINE>,
    modules: Vec<BootModule, MAX_MODULES>,
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
    /// There are more than [`MAX_MODULES`] boot modules.
    TooManyModules,
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
            Self::TooManyModules => {
                write!(f, "there are more than {MAX_MODULES} boot modules: load fewer plans")
            }
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
            rsdp: RsdpHint::Unknown,
            video_mode: VideoMode::Unknown,
            command_line: String::new(),
            modules: Vec::new(),
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

    /// Adds a boot module, which the first word of its `command_line` names.
    ///
    /// # Errors
    /// [`BootError::TooManyModules`].
    pub fn add_module(&mut self, command_line: &[u8], addresses: Range) -> Result<(), BootError> {
        let mut words = command_line.split(u8::is_ascii_whitespace);
        let name = words.find(|word| !word.is_empty()).unwrap_or_default();
        let module = BootModule { name: as_much_as_fits(name), addresses };
        self.modules.push(module).map_err(|_| BootError::TooManyModules)
    }

    /// Copies as much of the loader's name as fits.
    pub fn set_loader(&mut self, name: &[u8]) {
        self.loader = as_much_as_fits(name);
    }

    /// The boot modules, in the loader's order.
    pub fn modules(&self) -> &[BootModule] {
        &self.modules
    }

    /// Whether a device may have its registers, or a screen its pixels, in `range`: no usable memory is
    /// there, nor what a PC keeps in the first MiB.
    pub fn may_be_device(&self, range: Range) -> bool {
        let touches = |area: &Area| {
            area.start < range.end && range.start < area.start.saturating_add(area.length)
        };
        let mut usable = self.areas.iter().filter(|area| area.kind == AreaKind::Usable);
        range.start >= LOW_MEMORY_END && !usable.any(touches)
    }

    /// The kernel command line.
    pub fn command_line(&self) -> &str {
        &self.command_line
    }

    /// The boot loader's name, empty if it gave none.
    pub fn loader(&self) -> &str {
        &self.loader
    }
}

impl Default for BootInfo {
    fn default() -> Self {
        Self::new()
    }
}

/// The start of `text`, printable.
fn as_much_as_fits<const N: usize>(text: &[u8]) -> String<N> {
    text.iter().take(N).map(|&byte| printable(byte)).collect()
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
    fn a_module_is_called_by_its_first_word_and_hostile_ones_are_cut_and_printable() {
        let mut info = BootInfo::new();
        for command_line in [&b"  quick 7"[..], b"", b"f\x1bll", &[b'x'; 2 * MAX_MODULE_NAME]] {
            info.add_module(command_line, Range::new(0, 1)).expect("room");
        }
        let names: std::vec::Vec<_> = info.modules().iter().map(BootModule::name).collect();
        assert_eq!(names, ["quick", "", "f?ll", &"x".repeat(MAX_MODULE_NAME)]);
    }

    #[test]
    fn a_device_lies_outside_of_usable_memory() {
        let mut info = BootInfo::new();
        let (start, length) = (16 << 20, 16 << 20);
        info.add_area(Area { start, length, kind: AreaKind::Usable }).expect("room");
        info.add_area(Area { start: 0, length: 1 << 40, kind: AreaKind::Reserved }).expect("room");
        for (start, end, expected) in [
            (0xfe00_0000, 0xfe00_1000, true),
            (32 << 20, (32 << 20) + 8, true),
            ((32 << 20) - 4, (32 << 20) + 4, false),
            ((16 << 20) - 8, 16 << 20, true),
            ((16 << 20) - 7, (16 << 20) + 1, false),
            (0xa_0000, 0xa_0008, false),
        ] {
            assert_eq!(info.may_be_device(Range::new(start, end)), expected, "{start:#x}");
        }
    }

    #[test]
    fn more_modules_than_fit_are_refused() {
        let mut info = BootInfo::new();
        let all = (0..=MAX_MODULES).try_for_each(|_| info.add_module(b"", Range::new(0, 1)));
        assert_eq!(all, Err(BootError::TooManyModules));
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
