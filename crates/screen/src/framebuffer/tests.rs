use proptest::prelude::*;

use super::*;
use crate::{Cell, Page, Place, Style, TextScreen};

const BGR: [Field; 3] = [field(16, 8), field(8, 8), field(0, 8)];

const fn field(position: u8, size: u8) -> Field {
    Field { position, size }
}

const fn reported(width: u32, height: u32, bits_per_pixel: u8) -> Reported {
    let [red, green, blue] = BGR;
    let pitch = width * bits_per_pixel as u32 / 8;
    Reported { address: 0x8000_0000, pitch, width, height, bits_per_pixel, red, green, blue }
}

/// Bytes, which panic where a real framebuffer would be overrun.
struct Bytes(Vec<u8>);

impl Bytes {
    fn of(framebuffer: &Framebuffer) -> Self {
        Self(vec![0xee; framebuffer.length() as usize])
    }
}

impl VideoMemory for Bytes {
    fn store(&mut self, offset: usize, pixel: u32, bytes: PixelBytes) {
        let pixel = &pixel.to_le_bytes()[..bytes.count() as usize];
        self.0[offset..offset + pixel.len()].copy_from_slice(pixel);
    }
}

fn drawn(framebuffer: Framebuffer, cells: &[(Place, Cell)]) -> Vec<u8> {
    let mut canvas = Canvas::new(framebuffer, Bytes::of(&framebuffer));
    canvas.clear();
    for &(place, cell) in cells {
        canvas.put(place, cell);
    }
    canvas.into_memory().0
}

#[test]
fn a_screen_that_no_code_can_draw_on_is_refused() {
    let unsupported = |reported| Framebuffer::new(reported).map(drop);
    let vga = reported(640, 480, 32);
    assert_eq!(unsupported(vga), Ok(()));
    assert_eq!(unsupported(reported(640, 480, 24)), Ok(()));
    assert_eq!(unsupported(reported(640, 480, 16)), Err(Unsupported::Format));
    assert_eq!(unsupported(Reported { red: field(25, 8), ..vga }), Err(Unsupported::Format));
    assert_eq!(unsupported(Reported { blue: field(0, 0), ..vga }), Err(Unsupported::Format));
    assert_eq!(unsupported(reported(639, 480, 32)), Err(Unsupported::Size));
    assert_eq!(unsupported(reported(640, 324, 32)), Err(Unsupported::Size));
    assert_eq!(unsupported(reported(1 << 15, 1 << 15, 32)), Err(Unsupported::Size));
    for odd in [
        Reported { pitch: 2556, ..vga },
        Reported { pitch: 2562, ..vga },
        Reported { address: 0, ..vga },
        Reported { address: 0x8000_0002, ..vga },
        Reported { address: u64::MAX - 3, ..vga },
        Reported { address: 1 << 46, ..vga },
    ] {
        assert_eq!(unsupported(odd), Err(Unsupported::Place), "{odd:x?}");
    }
}

#[test]
fn characters_are_those_of_the_font() {
    let framebuffer = Framebuffer::new(reported(640, 480, 32)).expect("supported");
    let cells = [('r', 0), ('m', 1), ('~', 3)]
        .map(|(character, column)| (Place { row: 1, column }, Cell::new(character, Style::Title)));
    let memory = drawn(framebuffer, &cells);
    let (_, rows) = framebuffer.pixels(cells[0].0);
    let art: Vec<String> = rows
        .map(|y| {
            let row = &memory[(y * 640 * 4) as usize..][..4 * 8 * 4];
            row.chunks(4)
                .map(|pixel| match pixel {
                    [0xff, 0xff, 0xff, 0] => '#',
                    [0x80, 0, 0, 0] => '.',
                    [0, 0, 0, 0] => ' ',
                    _ => '?',
                })
                .collect()
        })
        .collect();
    insta::assert_snapshot!(art.join("\n"));
}

#[test]
fn a_large_screen_shows_large_characters_in_its_middle() {
    let framebuffer = Framebuffer::new(reported(1920, 1080, 32)).expect("supported");
    let last = Place { row: 24, column: 79 };
    assert_eq!(framebuffer.pixels(Place { row: 0, column: 0 }), (160..180, 40..80));
    assert_eq!(framebuffer.pixels(last), (1740..1760, 1000..1040));
}

#[test]
fn colours_go_where_the_loader_says() {
    let ten_bits = [field(20, 10), field(10, 10), field(0, 10)];
    for ([red, green, blue], expected) in [
        (BGR, [0x80, 0, 0, 0]),
        ([field(0, 8), field(8, 8), field(16, 8)], [0, 0, 0x80, 0]),
        ([field(11, 5), field(5, 6), field(0, 5)], [0x10, 0, 0, 0]),
        (ten_bits, [0, 2, 0, 0]),
    ] {
        let reported = Reported { red, green, blue, ..reported(640, 480, 32) };
        let framebuffer = Framebuffer::new(reported).expect("supported");
        let place = Place { row: 0, column: 0 };
        let memory = drawn(framebuffer, &[(place, Cell::new(' ', Style::Title))]);
        let (columns, rows) = framebuffer.pixels(place);
        let offset = (rows.start * reported.pitch + columns.start * 4) as usize;
        assert_eq!(memory[offset..offset + 4], expected, "navy in {red:?} {green:?} {blue:?}");
    }
}

fn any_framebuffer() -> impl Strategy<Value = Framebuffer> {
    (640..1700_u32, 325..1100_u32, prop_oneof![Just(24_u8), Just(32)], 0..40_u32).prop_map(
        |(width, height, bits, slack)| {
            let tight = reported(width, height, bits);
            Framebuffer::new(Reported { pitch: tight.pitch + 4 * slack, ..tight })
                .expect("supported")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// `Bytes` panics at what lies outside.
    #[test]
    fn a_character_changes_its_own_pixels_and_no_others(
        framebuffer in any_framebuffer(), row in 0..crate::ROWS, column in 0..crate::COLUMNS,
        character in prop::char::range('!', '~'),
    ) {
        let place = Place { row, column };
        let before = drawn(framebuffer, &[]);
        let after = drawn(framebuffer, &[(place, Cell::new(character, Style::Title))]);
        let (columns, rows) = framebuffer.pixels(place);
        let bytes = framebuffer.format.bytes().count();
        for (offset, (before, after)) in (0..).zip(before.iter().zip(&after)) {
            let (x, y) = (offset % framebuffer.pitch / bytes, offset / framebuffer.pitch);
            prop_assert!(before == after || columns.contains(&x) && rows.contains(&y));
        }
        prop_assert_ne!(before, after);
    }
}

#[test]
fn a_page_is_drawn_whole() {
    let framebuffer = Framebuffer::new(reported(800, 600, 24)).expect("supported");
    let mut page = Page::blank();
    page.tint(24, Style::Bad);
    let mut canvas = Canvas::new(framebuffer, Bytes::of(&framebuffer));
    canvas.clear();
    page.draw(&mut Page::blank(), &mut canvas);
    let memory = canvas.into_memory().0;
    let (columns, rows) = framebuffer.pixels(Place { row: 24, column: 79 });
    let last = ((rows.end - 1) * 2400 + (columns.end - 1) * 3) as usize;
    assert_eq!(memory[last..last + 3], [0, 0, 0x8b], "dark red");
}
