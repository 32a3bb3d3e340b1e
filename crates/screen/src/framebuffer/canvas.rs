//! Characters drawn as pixels, by `embedded-graphics`.

use core::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::mono_font::MonoTextStyleBuilder;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor, WebColors};
use embedded_graphics::text::{Baseline, Text};

use super::Framebuffer;
use super::pixel_format::PixelBytes;
use crate::cell::{Cell, Place, Style, TextScreen};

/// The framebuffer's memory.
pub trait VideoMemory {
    /// Stores the low bytes of `pixel` at `offset` bytes from the start.
    fn store(&mut self, offset: usize, pixel: u32, bytes: PixelBytes);
}

/// A framebuffer that shows characters.
#[derive(Debug)]
pub struct Canvas<M> {
    pixels: Pixels<M>,
}

#[derive(Debug)]
struct Pixels<M> {
    framebuffer: Framebuffer,
    memory: M,
}

impl<M: VideoMemory> Canvas<M> {
    /// A canvas on `framebuffer`, whose bytes are `memory`.
    pub const fn new(framebuffer: Framebuffer, memory: M) -> Self {
        Self { pixels: Pixels { framebuffer, memory } }
    }

    /// Makes all of it black, whatever the firmware drew there.
    pub fn clear(&mut self) {
        let Framebuffer { width, height, .. } = self.pixels.framebuffer;
        let black = self.pixels.framebuffer.format.encode(Rgb888::BLACK);
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            self.pixels.store(x, y, black);
        }
    }

    /// The memory.
    pub fn into_memory(self) -> M {
        self.pixels.memory
    }
}

impl<M: VideoMemory> TextScreen for Canvas<M> {
    fn put(&mut self, place: Place, cell: Cell) {
        let layout = self.pixels.framebuffer.layout;
        let (foreground, background) = colours(cell.style());
        let style = MonoTextStyleBuilder::new()
            .font(layout.font)
            .text_color(foreground)
            .background_color(background)
            .build();
        let character = [cell.character()];
        let text = str::from_utf8(&character).expect("a cell holds ASCII");
        let corner = layout.corner(place);
        let Ok(_) = Text::with_baseline(text, corner, style, Baseline::Top).draw(&mut self.pixels);
    }
}

fn colours(style: Style) -> (Rgb888, Rgb888) {
    match style {
        Style::Plain => (Rgb888::CSS_LIGHT_GRAY, Rgb888::BLACK),
        Style::Title => (Rgb888::WHITE, Rgb888::CSS_NAVY),
        Style::Label => (Rgb888::CSS_LIGHT_SKY_BLUE, Rgb888::BLACK),
        Style::Good => (Rgb888::CSS_LIGHT_GREEN, Rgb888::BLACK),
        Style::Bad => (Rgb888::WHITE, Rgb888::CSS_DARK_RED),
    }
}

impl<M: VideoMemory> Pixels<M> {
    fn store(&mut self, x: u32, y: u32, pixel: u32) {
        let bytes = self.framebuffer.format.bytes();
        let offset = y as usize * self.framebuffer.pitch as usize + (x * bytes.count()) as usize;
        self.memory.store(offset, pixel, bytes);
    }
}

/// In pixels of the font; each is a square of pixels of the screen.
impl<M> OriginDimensions for Pixels<M> {
    fn size(&self) -> Size {
        let Framebuffer { width, height, layout, .. } = self.framebuffer;
        Size::new((width - layout.left) / layout.scale, (height - layout.top) / layout.scale)
    }
}

impl<M: VideoMemory> DrawTarget for Pixels<M> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        let Framebuffer { layout, format, .. } = self.framebuffer;
        let size = self.size();
        for Pixel(point, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(point.x), u32::try_from(point.y)) else { continue };
            if x >= size.width || y >= size.height {
                continue;
            }
            let pixel = format.encode(colour);
            let (left, top) = (layout.left + x * layout.scale, layout.top + y * layout.scale);
            let square = (top..top + layout.scale)
                .flat_map(|y| (left..left + layout.scale).map(move |x| (x, y)));
            square.for_each(|(x, y)| self.store(x, y, pixel));
        }
        Ok(())
    }
}
