//! Characters in a picture, found by comparing each with all that the kernel's own code can draw.

use std::collections::HashMap;

use screen::framebuffer::{Canvas, Field, Framebuffer, PixelBytes, Reported, VideoMemory};
use screen::{COLUMNS, Cell, Place, Style, TextScreen};

const STYLES: [Style; 5] = [Style::Plain, Style::Title, Style::Label, Style::Good, Style::Bad];

/// What stands for pixels that are no character.
const UNKNOWN: char = '\u{fffd}';

/// The text in a portable pixmap as QEMU writes it; `None` if it is none, or not yet whole.
pub fn text(file: &[u8]) -> Option<String> {
    let picture = Picture::read(file)?;
    let known = picture.all_characters();
    let character = |place| known.get(&picture.block(place)).copied().unwrap_or(UNKNOWN);
    let places: Vec<Place> = Place::all().collect();
    let line = |places: &[Place]| places.iter().map(|&place| character(place)).collect::<String>();
    Some(places.chunks(COLUMNS).map(line).collect::<Vec<_>>().join("\n"))
}

/// Three bytes a pixel: red, green, blue.
struct Picture {
    framebuffer: Framebuffer,
    width: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn read(file: &[u8]) -> Option<Self> {
        let header = file.splitn(4, |&byte| byte == b'\n').collect::<Vec<_>>();
        let [b"P6", size, b"255", bytes] = header[..] else { return None };
        let (width, height) = str::from_utf8(size).ok()?.split_once(' ')?;
        let (width, height) = (width.parse().ok()?, height.parse().ok()?);
        let framebuffer = Framebuffer::new(rgb(width, height)).ok()?;
        let whole = bytes.len() as u64 == framebuffer.length();
        whole.then(|| Self { framebuffer, width: width as usize, bytes: bytes.to_vec() })
    }

    /// The pixels of a character.
    fn block(&self, place: Place) -> Vec<u8> {
        let (columns, rows) = self.framebuffer.pixels(place);
        let row = |y: u32| {
            let start = (y as usize * self.width + columns.start as usize) * 3;
            &self.bytes[start..start + columns.len() * 3]
        };
        rows.flat_map(row).copied().collect()
    }

    /// What each character looks like on this screen, in every style: fewer than have room on a page.
    fn all_characters(&self) -> HashMap<Vec<u8>, char> {
        let blank = Self { bytes: vec![0; self.bytes.len()], ..*self };
        let characters = STYLES.iter().flat_map(|style| (' '..='~').map(|c| (c, *style)));
        let placed: Vec<_> = Place::all().zip(characters).collect();
        let mut canvas = Canvas::new(self.framebuffer, blank);
        for &(place, (character, style)) in &placed {
            canvas.put(place, Cell::new(character, style));
        }
        let drawn = canvas.into_memory();
        placed.into_iter().map(|(place, (character, _))| (drawn.block(place), character)).collect()
    }
}

impl VideoMemory for Picture {
    fn store(&mut self, offset: usize, pixel: u32, _: PixelBytes) {
        let [red, green, blue, _] = pixel.to_le_bytes();
        self.bytes[offset..offset + 3].copy_from_slice(&[red, green, blue]);
    }
}

/// A screen laid out as a portable pixmap.
const fn rgb(width: u32, height: u32) -> Reported {
    const fn byte(position: u8) -> Field {
        Field { position, size: 8 }
    }
    let (red, green, blue) = (byte(0), byte(8), byte(16));
    Reported { address: 1, pitch: 3 * width, width, height, bits_per_pixel: 24, red, green, blue }
}
