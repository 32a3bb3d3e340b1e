//! The machine's own screen: text mode or a framebuffer, whichever the boot loader left. Records change what
//! is to be seen; only [`show`] and what is called between waits draw it, so nothing is drawn while a cell
//! runs.

mod keyboard;
mod pixels;
mod text_mode;

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;

use screen::framebuffer::Canvas;
use screen::keyboard::Turn;
use screen::summary::Figure;
use screen::{Cell, Display, Ending, Place, Style, Terminal, TextScreen};
use spin::{Mutex, Once};
use unikernel::boot_info::BootInfo;
use unikernel::memory_map::Range;
use unikernel::video::{NoVideo, Video};
use wire::{Record, Value};

use super::facts::Facts;
use super::machine::now;
use super::memory::layout::BOOT_MAP_END;
use pixels::Pixels;
use text_mode::{TEXT_MEMORY, TextMode};

/// What the boot loader left.
static VIDEO: Once<Result<Video, NoVideo>> = Once::new();

/// Whether page tables map it.
static MAPPED: AtomicBool = AtomicBool::new(false);

static DISPLAY: Mutex<Display<'static>> = Mutex::new(Display::new());

/// Frequency of the TSC in Hz; most CPUs' until it is measured.
static TSC_HZ: AtomicU64 = AtomicU64::new(3_000_000_000);

/// Empties the screen, if the boot page tables map it.
pub fn open(info: &BootInfo) {
    let video = VIDEO.call_once(|| Video::choose(info));
    if video.is_ok() && memory().end <= BOOT_MAP_END {
        begin();
    }
}

/// Makes use of a screen that only the kernel's own page tables map.
pub fn page_tables_loaded() {
    if !MAPPED.load(Ordering::Relaxed) {
        begin();
    }
}

/// The physical pages that must be mapped to draw; none if there is no screen.
pub fn memory() -> Range {
    match VIDEO.get() {
        Some(Ok(Video::Text)) => TEXT_MEMORY,
        Some(Ok(Video::Framebuffer(framebuffer))) => {
            let start = framebuffer.address();
            Range::new(start, start + framebuffer.length()).grow_to_pages()
        }
        Some(Err(_)) | None => Range::new(0, 0),
    }
}

/// Says which serial line there is.
pub fn set_line(line: Option<fmt::Arguments<'_>>) {
    DISPLAY.lock().set_line(line);
}

/// Says how fast the TSC runs, in Hz, if that is known.
pub fn set_clock(hz: Option<u64>) {
    if let Some(hz) = hz {
        TSC_HZ.store(hz, Ordering::Relaxed);
    }
}

/// Adds which screen it is.
pub fn report(facts: &mut Facts<'_>) {
    let mut text = heapless::String::<64>::new();
    // A longer text is cut short.
    let _ = match VIDEO.get() {
        Some(Ok(video)) => write!(text, "{video}"),
        Some(Err(none)) => write!(text, "{none}"),
        None => Ok(()),
    };
    facts.add("screen", Value::Text(&text));
}

/// Keeps figures in `memory` for the tables at the end.
pub fn keep_figures(memory: &'static mut [Figure]) {
    DISPLAY.lock().keep_figures(memory);
}

/// Takes note of a record. Draws nothing.
pub fn hear(record: &Record<'_>) {
    DISPLAY.lock().hear(record, uptime());
}

/// Says that a host is being looked for.
pub fn greet() {
    DISPLAY.lock().greet();
    show();
}

/// Says what became of the results; may be said again and again.
pub fn end(ending: Ending) {
    let is_news = DISPLAY.lock().end(ending);
    if is_news {
        show();
    }
}

/// Draws what has changed. Only for moments in which nothing is timed.
pub fn show() {
    if let Some(mut screen) = Screen::current() {
        DISPLAY.lock().draw(uptime(), &mut screen);
    }
}

/// Turns to another page of tables if a key says so or the time has come. To be called now and then while
/// a finished machine waits.
pub fn turn_page() {
    let asked = keyboard::poll().and_then(Turn::from_scan_code);
    if DISPLAY.lock().turn(asked, uptime()) {
        show();
    }
}

/// Turns pages for good.
pub fn turn_pages() -> ! {
    loop {
        turn_page();
        core::hint::spin_loop();
    }
}

/// Fills the screen with text, whoever was drawing.
pub fn last_words(text: fmt::Arguments<'_>) {
    if let Some(mut screen) = Screen::current() {
        // Writing to memory does not fail.
        let _ = Terminal::new(&mut screen, Style::Bad).write_fmt(text);
    }
}

fn begin() {
    if let Some(Ok(video)) = VIDEO.get() {
        let mut screen = Screen(*video);
        screen.clear();
        MAPPED.store(true, Ordering::Relaxed);
    }
}

fn uptime() -> Duration {
    let (ticks, hz) = (now(), TSC_HZ.load(Ordering::Relaxed));
    let nanoseconds = u128::from(ticks % hz) * 1_000_000_000 / u128::from(hz);
    Duration::new(ticks / hz, nanoseconds as u32)
}

/// A screen that is mapped.
struct Screen(Video);

impl Screen {
    fn current() -> Option<Self> {
        let video = (*VIDEO.get()?).ok()?;
        MAPPED.load(Ordering::Relaxed).then_some(Self(video))
    }

    fn clear(&mut self) {
        match self.0 {
            Video::Text => Place::all().for_each(|place| TextMode.put(place, Cell::BLANK)),
            Video::Framebuffer(framebuffer) => {
                Canvas::new(framebuffer, Pixels::of(&framebuffer)).clear();
            }
        }
    }
}

impl TextScreen for Screen {
    fn put(&mut self, place: Place, cell: Cell) {
        match self.0 {
            Video::Text => TextMode.put(place, cell),
            Video::Framebuffer(framebuffer) => {
                Canvas::new(framebuffer, Pixels::of(&framebuffer)).put(place, cell);
            }
        }
    }
}
