//! Which serial port the line is at.

use core::fmt;

use unikernel::acpi::{Acpi, Console};
use unikernel::boot_info::{BootInfo, BootRoute};
use unikernel::memory_map::Range;
use unikernel::uart::{
    Baud, Candidate, FoundBy, LineWishes, PortWish, UartRegisters, UnreachableBaud, candidates,
};
use wire::Value;

use super::Line;
use crate::kernel::boot;
use crate::kernel::facts::Facts;
use crate::kernel::memory::layout::BOOT_MAP_END;

/// Where the line is, and how it was found.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    registers: UartRegisters,
    found_by: FoundBy,
    baud: Baud,
}

/// What the user wanted of the line and did not get.
#[derive(Clone, Copy, Debug)]
pub enum Unmet {
    /// There is no UART where it should be.
    Port(UartRegisters),
    /// It does not run so fast, or so slowly.
    Baud(UnreachableBaud),
}

/// The outcome of the search.
#[derive(Debug)]
pub struct Chosen {
    /// The line, if there is one.
    pub line: Option<Line>,
    /// Where it is.
    pub place: Option<Place>,
    /// What it is not.
    pub unmet: Option<Unmet>,
}

/// Opens the first UART that works: the user's, the firmware's, any other.
pub fn choose(info: &BootInfo, wishes: LineWishes, acpi: Option<Acpi>) -> Chosen {
    let spcr = acpi.and_then(|acpi| acpi.console).and_then(Console::uart);
    // UEFI has no such list.
    let listed = match info.route {
        BootRoute::Multiboot2Uefi => [0; 4],
        BootRoute::Multiboot2Bios | BootRoute::Pvh => boot::ports_listed_by_bios(),
    };
    let opened = candidates(wishes, spcr, listed)
        .iter()
        .filter(|candidate| is_reachable(info, candidate))
        // SAFETY: the boot page tables map it by the filter, and the final ones by `Place::window`.
        .find_map(|candidate| Some((unsafe { Line::open(candidate) }?, *candidate)));
    let wanted = match wishes.port {
        Some(PortWish::Port(registers)) => Some(registers),
        Some(PortWish::NoLine) | None => None,
    };
    let Some(((line, settled), Candidate { registers, found_by, .. })) = opened else {
        return Chosen { line: None, place: None, unmet: wanted.map(Unmet::Port) };
    };
    let place = Place { registers, found_by, baud: settled.baud };
    // What a table claims in vain is nobody's wish.
    let missed = settled.missed.filter(|_| wishes.baud.is_some()).map(Unmet::Baud);
    let elsewhere = wanted.filter(|&wanted| wanted != registers).map(Unmet::Port);
    Chosen { line: Some(line), place: Some(place), unmet: missed.or(elsewhere) }
}

fn is_reachable(info: &BootInfo, candidate: &Candidate) -> bool {
    let window = candidate.registers.window();
    window.is_none_or(|window| info.may_be_device(window) && window.end <= BOOT_MAP_END)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} baud", self.registers, self.baud.get())
    }
}

impl Place {
    /// The physical addresses of its registers, if they are in memory.
    pub fn window(&self) -> Option<Range> {
        self.registers.window()
    }

    /// Adds where it is.
    pub fn report(&self, facts: &mut Facts<'_>) {
        let mut port = heapless::String::<32>::new();
        // An address is shorter.
        let _ = fmt::write(&mut port, format_args!("{}", self.registers));
        facts.add("line.port", Value::Text(&port));
        facts.add("line.found_by", Value::Text(self.found_by.name()));
        facts.add("line.baud", Value::Number(self.baud.get().into()));
    }
}
