//! The VGA's text memory: 25 lines of 80 characters, two bytes each.

use core::ptr::NonNull;

use screen::{COLUMNS, Cell, Place, ROWS, Style, TextScreen};
use unikernel::memory_map::Range;
use volatile::VolatilePtr;

use crate::kernel::memory::layout::direct;

/// The physical pages of the text memory.
pub const TEXT_MEMORY: Range = Range::new(0xb_8000, 0xb_9000);

/// The text memory.
#[derive(Debug)]
pub struct TextMode;

impl TextScreen for TextMode {
    fn put(&mut self, Place { row, column }: Place, cell: Cell) {
        assert!(row < ROWS && column < COLUMNS, "a character outside of the screen");
        let memory: NonNull<u16> = direct(TEXT_MEMORY.start);
        // SAFETY: within the text memory by the assertion, and that is mapped for good.
        let pointer = unsafe { memory.add(row * COLUMNS + column) };
        // SAFETY: as above; any value may be written there, and nobody reads it.
        let place = unsafe { VolatilePtr::new(pointer) };
        place.write(attribute(cell.style()) | u16::from(cell.character()));
    }
}

/// Background and foreground, four bits each, above the character.
const fn attribute(style: Style) -> u16 {
    match style {
        Style::Plain => 0x0700,
        Style::Title => 0x1f00,
        Style::Label => 0x0b00,
        Style::Good => 0x0a00,
        Style::Bad => 0x4f00,
    }
}
