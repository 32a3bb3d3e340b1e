//! Which font, how large, and where.

use core::fmt;
use core::ops::Range;

use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::ascii::{FONT_8X13, FONT_10X20};

use crate::cell::{COLUMNS, Place, ROWS};

/// Places 80 x 25 characters in the middle of a screen.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub(super) font: &'static MonoFont<'static>,
    /// Pixels of the screen, in each direction, for one of the font's.
    pub(super) scale: u32,
    /// Rows above and columns left of the text, in pixels of the screen.
    pub(super) top: u32,
    pub(super) left: u32,
}

impl Layout {
    /// The largest text that a screen has room for.
    pub(super) fn fitting(width: u32, height: u32) -> Option<Self> {
        let (font, scale) = [&FONT_10X20, &FONT_8X13].into_iter().find_map(|font| {
            let text = extent(font);
            let scale = (width / text.width).min(height / text.height);
            (scale > 0).then_some((font, scale))
        })?;
        let text = extent(font) * scale;
        let (left, top) = ((width - text.width) / 2, (height - text.height) / 2);
        Some(Self { font, scale, top, left })
    }

    /// The upper left corner of a character, in pixels of the font.
    pub(super) fn corner(&self, place: Place) -> Point {
        let Size { width, height } = self.font.character_size;
        Point::new(
            (place.column as u32 * width).cast_signed(),
            (place.row as u32 * height).cast_signed(),
        )
    }

    /// Columns and rows of the screen that a character takes.
    pub(super) fn pixels(&self, place: Place) -> (Range<u32>, Range<u32>) {
        let Size { width, height } = self.font.character_size * self.scale;
        let (left, top) =
            (self.left + place.column as u32 * width, self.top + place.row as u32 * height);
        (left..left + width, top..top + height)
    }
}

const fn extent(font: &MonoFont<'_>) -> Size {
    let Size { width, height } = font.character_size;
    Size::new(COLUMNS as u32 * width, ROWS as u32 * height)
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { font, scale, top, left } = self;
        write!(f, "{} x {scale} at ({left}, {top})", font.character_size)
    }
}
