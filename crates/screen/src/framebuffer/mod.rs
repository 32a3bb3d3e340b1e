//! A linear framebuffer, as a boot loader reports it, made a screen of characters.

mod canvas;
mod layout;
mod pixel_format;

use core::fmt;
use core::ops::Range;

pub use canvas::{Canvas, VideoMemory};
use layout::Layout;
use pixel_format::PixelFormat;
pub use pixel_format::{Field, PixelBytes};

use crate::cell::Place;

/// More pixels in a row or column than any screen has.
const MOST_PIXELS: u32 = 1 << 14;

/// Where a framebuffer must end: half of what the upper half of an address space can show of memory.
const ADDRESSES: u64 = 1 << 46;

/// What the boot loader says of a framebuffer of direct colours (Multiboot2, 3.6.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Physical address.
    pub address: u64,
    /// Bytes from one row to the next.
    pub pitch: u32,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits of a pixel.
    pub bits_per_pixel: u8,
    /// Where red is in a pixel.
    pub red: Field,
    /// Where green is in a pixel.
    pub green: Field,
    /// Where blue is in a pixel.
    pub blue: Field,
}

/// A framebuffer that can be drawn on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Framebuffer {
    address: u64,
    pitch: u32,
    width: u32,
    height: u32,
    format: PixelFormat,
    layout: Layout,
}

/// Why a framebuffer cannot be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// Neither 24 nor 32 bits a pixel, or colours outside of them.
    Format,
    /// Too small for 80 x 25 characters, or larger than any screen.
    Size,
    /// It cannot lie where it is said to lie.
    Place,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "pixel format",
            Self::Size => "size",
            Self::Place => "address or pitch",
        })
    }
}

impl Framebuffer {
    /// Checks what was reported.
    ///
    /// # Errors
    /// It is not of a kind that can be drawn on.
    pub fn new(reported: Reported) -> Result<Self, Unsupported> {
        let Reported { address, pitch, width, height, bits_per_pixel, red, green, blue } = reported;
        let format = PixelFormat::new(bits_per_pixel, [red, green, blue]);
        let format = format.ok_or(Unsupported::Format)?;
        let layout = Layout::fitting(width, height).ok_or(Unsupported::Size)?;
        if width > MOST_PIXELS || height > MOST_PIXELS {
            return Err(Unsupported::Size);
        }
        let unit = format.bytes().alignment();
        let aligned = address.is_multiple_of(unit.into()) && pitch.is_multiple_of(unit);
        let whole_rows = pitch >= width * format.bytes().count();
        let end = address.checked_add(u64::from(pitch) * u64::from(height));
        let there = address != 0 && end.is_some_and(|end| end <= ADDRESSES);
        if !(aligned && whole_rows && there) {
            return Err(Unsupported::Place);
        }
        Ok(Self { address, pitch, width, height, format, layout })
    }

    /// The physical address.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.pitch as u64 * self.height as u64
    }

    /// The pixels of the character at `place`: columns and rows of the screen.
    #[must_use]
    pub fn pixels(&self, place: Place) -> (Range<u32>, Range<u32>) {
        self.layout.pixels(place)
    }
}

/// Width, height and bits of a pixel.
impl fmt::Display for Framebuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.width, self.height, 8 * self.format.bytes().count())
    }
}

#[cfg(test)]
mod tests;
