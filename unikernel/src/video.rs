//! Which screen there is, by what the boot loader said.

use core::fmt;

use screen::framebuffer::{Field, Framebuffer, Reported, Unsupported};

use crate::boot_info::{BootInfo, BootRoute};
use crate::memory_map::Range;

/// In what state the boot loader says that it left the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VideoMode {
    /// It says nothing.
    #[default]
    Unknown,
    /// Text of the VGA.
    Text,
    /// Pixels of direct colours.
    Framebuffer(Reported),
    /// Something else.
    Other,
}

/// What can be written to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Video {
    /// The VGA's text memory.
    Text,
    /// Pixels.
    Framebuffer(Framebuffer),
}

/// Why nothing can be written to a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoVideo {
    /// UEFI has left a graphics mode, and nobody said where its pixels are.
    NotHandedOver,
    /// The mode is neither text nor direct colours.
    Mode,
    /// The framebuffer is none that can be drawn on.
    Framebuffer(Unsupported),
}

/// `framebuffer_type` of Multiboot2, 3.6.12.
const DIRECT_COLOURS: u8 = 1;
const EGA_TEXT: u8 = 2;

impl VideoMode {
    /// Reads what follows type and size in Multiboot2's framebuffer tag (3.6.12).
    pub fn from_tag(payload: &[u8]) -> Self {
        Self::read(payload).unwrap_or(Self::Other)
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (address, rest) = payload.split_first_chunk()?;
        let (pitch, rest) = rest.split_first_chunk()?;
        let (width, rest) = rest.split_first_chunk()?;
        let (height, rest) = rest.split_first_chunk()?;
        let &[bits_per_pixel, kind, _, _, ref colours @ ..] = rest else { return None };
        if kind == EGA_TEXT {
            return Some(Self::Text);
        }
        let &[red, red_size, green, green_size, blue, blue_size] = colours.first_chunk()?;
        let field = |position, size| Field { position, size };
        let reported = Reported {
            address: u64::from_le_bytes(*address),
            pitch: u32::from_le_bytes(*pitch),
            width: u32::from_le_bytes(*width),
            height: u32::from_le_bytes(*height),
            bits_per_pixel,
            red: field(red, red_size),
            green: field(green, green_size),
            blue: field(blue, blue_size),
        };
        (kind == DIRECT_COLOURS).then_some(Self::Framebuffer(reported))
    }
}

impl Video {
    /// The screen that the boot information leads to.
    ///
    /// # Errors
    /// There is none, or none that can be written to.
    pub fn choose(info: &BootInfo) -> Result<Self, NoVideo> {
        let reported = match (info.video_mode, info.route) {
            (VideoMode::Framebuffer(reported), _) => reported,
            (VideoMode::Other, _) => return Err(NoVideo::Mode),
            // Text memory is a BIOS's; UEFI leaves a graphics mode, where it shows nothing.
            (_, BootRoute::Multiboot2Uefi) => return Err(NoVideo::NotHandedOver),
            (VideoMode::Unknown | VideoMode::Text, _) => return Ok(Self::Text),
        };
        let framebuffer = Framebuffer::new(reported).map_err(NoVideo::Framebuffer)?;
        let start = framebuffer.address();
        // Drawing must not overwrite memory.
        if !info.may_be_device(Range::new(start, start + framebuffer.length())) {
            return Err(NoVideo::Framebuffer(Unsupported::Place));
        }
        Ok(Self::Framebuffer(framebuffer))
    }
}

impl fmt::Display for Video {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Framebuffer(framebuffer) => write!(f, "framebuffer {framebuffer}"),
        }
    }
}

impl fmt::Display for NoVideo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHandedOver => f.write_str("none: the boot loader handed none over"),
            Self::Mode => f.write_str("none: a mode without text or direct colours"),
            Self::Framebuffer(unsupported) => {
                write!(f, "none: a framebuffer of unsupported {unsupported}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::boot_info::{Area, AreaKind};

    /// As GRUB reports OVMF's 1280 x 800 in QEMU.
    const GRUB: [u8; 32] = [
        0, 0, 0, 0x80, 0, 0, 0, 0, // address
        0, 0x14, 0, 0, // pitch
        0, 5, 0, 0, // width
        0x20, 3, 0, 0, // height
        32, 1, 0, 0, // bits, kind
        16, 8, 8, 8, 0, 8, 0, 0,
    ];

    fn of_kind(kind: u8) -> [u8; 32] {
        let mut payload = GRUB;
        payload[21] = kind;
        payload
    }

    fn booted(route: BootRoute, video_mode: VideoMode) -> BootInfo {
        let mut info = BootInfo::new();
        (info.route, info.video_mode) = (route, video_mode);
        info
    }

    #[test]
    fn what_grub_says_of_ovmfs_screen_is_a_framebuffer() {
        let info = booted(BootRoute::Multiboot2Uefi, VideoMode::from_tag(&GRUB));
        let Ok(Video::Framebuffer(framebuffer)) = Video::choose(&info) else { panic!("{info:?}") };
        assert_eq!((framebuffer.address(), framebuffer.length()), (0x8000_0000, 5120 * 800));
        assert_eq!(Video::Framebuffer(framebuffer).to_string(), "framebuffer 1280x800x32");
    }

    #[test]
    fn a_bios_has_text_unless_the_loader_left_it() {
        for route in [BootRoute::Multiboot2Bios, BootRoute::Pvh] {
            let chosen = |mode| Video::choose(&booted(route, mode));
            assert_eq!(chosen(VideoMode::Unknown), Ok(Video::Text));
            assert_eq!(chosen(VideoMode::from_tag(&of_kind(EGA_TEXT))), Ok(Video::Text));
            assert_eq!(chosen(VideoMode::from_tag(&of_kind(0))), Err(NoVideo::Mode));
            let pixels = chosen(VideoMode::from_tag(&GRUB));
            assert!(matches!(pixels, Ok(Video::Framebuffer(_))));
        }
    }

    #[test]
    fn uefi_without_a_framebuffer_has_no_screen() {
        for mode in [VideoMode::Unknown, VideoMode::Text] {
            let chosen = Video::choose(&booted(BootRoute::Multiboot2Uefi, mode));
            assert_eq!(chosen, Err(NoVideo::NotHandedOver));
        }
    }

    #[test]
    fn nobody_draws_on_memory() {
        let mut info = booted(BootRoute::Multiboot2Uefi, VideoMode::from_tag(&GRUB));
        let last_row = 0x8000_0000 + 5120 * 799;
        let area = Area { start: last_row, length: 4096, kind: AreaKind::Reserved };
        info.add_area(area).expect("room");
        assert!(Video::choose(&info).is_ok());
        info.add_area(Area { kind: AreaKind::Usable, ..area }).expect("room");
        assert_eq!(Video::choose(&info), Err(NoVideo::Framebuffer(Unsupported::Place)));
    }

    #[test]
    fn a_tag_that_is_cut_short_is_no_framebuffer() {
        for length in 0..30 {
            assert_eq!(VideoMode::from_tag(&GRUB[..length]), VideoMode::Other);
        }
    }

    proptest! {
        #[test]
        fn hostile_tags_do_no_harm(payload in prop::collection::vec(any::<u8>(), 0..40)) {
            let info = booted(BootRoute::Multiboot2Uefi, VideoMode::from_tag(&payload));
            let _ = Video::choose(&info);
        }
    }
}
