//! How a pixel's colour is laid out in memory.

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};

/// Where one colour is in a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its lowest bit.
    pub position: u8,
    /// Its bits.
    pub size: u8,
}

/// Bytes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelBytes {
    /// 24 bits.
    Three,
    /// 32 bits.
    Four,
}

/// Bytes of a pixel, and what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    bytes: PixelBytes,
    /// Red, green, blue.
    fields: [Field; 3],
}

impl PixelBytes {
    /// How many.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    /// What the address of a pixel is a multiple of.
    pub(super) const fn alignment(self) -> u32 {
        match self {
            Self::Three => 1,
            Self::Four => 4,
        }
    }
}

impl PixelFormat {
    /// A format of this many bits; `None` if it is none of 24 or 32 bits that hold all three `fields`.
    pub(super) fn new(bits: u8, fields: [Field; 3]) -> Option<Self> {
        let bytes = match bits {
            24 => PixelBytes::Three,
            32 => PixelBytes::Four,
            _ => return None,
        };
        let fits = |field: &Field| {
            field.size > 0 && u16::from(field.position) + u16::from(field.size) <= bits.into()
        };
        fields.iter().all(fits).then_some(Self { bytes, fields })
    }

    pub(super) const fn bytes(self) -> PixelBytes {
        self.bytes
    }

    /// The pixel of a colour, in its low bytes.
    pub(super) fn encode(self, colour: Rgb888) -> u32 {
        let channels = [colour.r(), colour.g(), colour.b()];
        self.fields.iter().zip(channels).fold(0, |pixel, (field, channel)| {
            pixel | scaled(channel, field.size) << field.position
        })
    }
}

/// The most significant bits of a channel where there are fewer than 8, or zeros below them.
fn scaled(channel: u8, size: u8) -> u32 {
    let channel = u32::from(channel);
    match size {
        0..8 => channel >> (8 - size),
        _ => channel << (size - 8),
    }
}
