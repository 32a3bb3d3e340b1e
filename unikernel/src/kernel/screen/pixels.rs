//! The framebuffer's memory.

use core::ptr::NonNull;

use screen::framebuffer::{Framebuffer, PixelBytes, VideoMemory};
use volatile::VolatilePtr;

use crate::kernel::memory::layout::direct;

/// A framebuffer in the direct map.
#[derive(Debug)]
pub struct Pixels {
    start: u64,
    length: u64,
}

impl Pixels {
    /// The memory of `framebuffer`, which must be mapped when it is stored to.
    pub const fn of(framebuffer: &Framebuffer) -> Self {
        Self { start: framebuffer.address(), length: framebuffer.length() }
    }
}

impl VideoMemory for Pixels {
    fn store(&mut self, offset: usize, pixel: u32, bytes: PixelBytes) {
        let end = offset as u64 + u64::from(bytes.count());
        assert!(end <= self.length, "a pixel outside of the framebuffer");
        let place = self.start + offset as u64;
        match bytes {
            PixelBytes::Four => write(direct(place), pixel),
            PixelBytes::Three => {
                let [bytes @ .., _] = pixel.to_le_bytes();
                (place..).zip(bytes).for_each(|(place, byte)| write(direct(place), byte));
            }
        }
    }
}

fn write<T: Copy>(pixel: NonNull<T>, value: T) {
    // SAFETY: within the framebuffer, which is mapped and aligned (`Framebuffer::new`); any value may be
    // written there, and nobody reads it.
    unsafe { VolatilePtr::new(pixel) }.write(value);
}
