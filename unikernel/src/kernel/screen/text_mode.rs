//! The VGA's text memory: 25 lines of 80 characters, scrolled by hand.

use core::fmt::{self, Write};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use unikernel::memory_map::Range;
use volatile::VolatilePtr;

use crate::kernel::memory::layout::direct;

const COLUMNS: usize = 80;
const LINES: usize = 25;
const CELLS: usize = COLUMNS * LINES;

/// Light grey on black.
const ATTRIBUTE: u16 = 0x0700;
const BLANK: u16 = ATTRIBUTE | b' ' as u16;

/// The physical pages of the text memory.
pub const TEXT_MEMORY: Range = Range::new(0xb_8000, 0xb_9000);

static ENABLED: AtomicBool = AtomicBool::new(false);

/// The cell that comes next.
static CURSOR: AtomicUsize = AtomicUsize::new(0);

/// Clears the screen for use. UEFI leaves a graphics mode, where this memory shows nothing.
pub fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
    for cell in 0..CELLS {
        screen().at(cell).write(BLANK);
    }
}

/// Writes to the screen, if there is one.
pub fn say(text: fmt::Arguments<'_>) {
    if ENABLED.load(Ordering::Relaxed) {
        // Writing to memory does not fail.
        let _ = screen().write_fmt(text);
    }
}

struct Screen(NonNull<[u16; CELLS]>);

fn screen() -> Screen {
    Screen(direct(TEXT_MEMORY.start))
}

impl Screen {
    fn at(&self, cell: usize) -> VolatilePtr<'_, u16> {
        assert!(cell < CELLS, "a character outside of the screen");
        // SAFETY: within the text memory by the assertion, and that is mapped for good.
        let pointer = unsafe { self.0.cast::<u16>().add(cell) };
        // SAFETY: as above; nobody else writes there.
        unsafe { VolatilePtr::new(pointer) }
    }

    fn put(&self, byte: u8) {
        let cell = CURSOR.load(Ordering::Relaxed);
        let next = if byte == b'\n' {
            (cell / COLUMNS + 1) * COLUMNS
        } else {
            self.at(cell).write(ATTRIBUTE | u16::from(byte));
            cell + 1
        };
        CURSOR.store(next, Ordering::Relaxed);
        if next == CELLS {
            self.scroll();
        }
    }

    fn scroll(&self) {
        for cell in 0..CELLS {
            let below = cell + COLUMNS;
            let character = if below < CELLS { self.at(below).read() } else { BLANK };
            self.at(cell).write(character);
        }
        CURSOR.store(CELLS - COLUMNS, Ordering::Relaxed);
    }
}

impl Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.put(byte);
        }
        Ok(())
    }
}
