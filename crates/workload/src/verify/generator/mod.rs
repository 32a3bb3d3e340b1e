//! Random events that collide: few pages, few processes, deep families, and stories of which reverse
//! maps are afraid.
//!
//! Each event follows from the seed, its number and the state of the world alone, so that any prefix
//! can be repeated. Events come in blocks of eight; most blocks tell one story (`stories`), the rest,
//! and whatever does not fit the world as it is, comes from the table of single events (`single`). One
//! event in ten is illegal (`illegal`).

mod illegal;
mod pick;
mod scene;
mod single;
mod stories;
#[cfg(test)]
mod tests;
mod weights;

use fastrand::Rng;

use super::{Forecast, Shadow};
use crate::{Event, Process};

use pick::Picker;
use scene::Focus;
use weights::{STORIES, choose};

/// Events of one block.
const BLOCK: u64 = 8;

/// Attempts at one event before something plain is taken.
const ATTEMPTS: usize = 24;

/// Invents events.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    seed: u64,
}

impl Generator {
    /// The same seed invents the same events in the same world.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Event `number`, counted from 0, for the world as `shadow` knows it.
    #[must_use]
    pub fn event(self, number: u64, shadow: &Shadow) -> Event {
        let mut picker = Picker::new(self.rng(number), shadow);
        if picker.rng.u8(..10) == 0 {
            return illegal::event(&mut picker).unwrap_or_else(|| plain(&mut picker));
        }
        let mut block = self.rng(u64::MAX - number / BLOCK);
        let story = choose(&STORIES, &mut block);
        let focus = Focus::new(&mut block);
        let step = (number % BLOCK) as usize;
        let told = story.and_then(|story| stories::event(story, step, &focus, &mut picker));
        told.filter(|event| is_legal(event, shadow)).unwrap_or_else(|| plain(&mut picker))
    }

    fn rng(self, number: u64) -> Rng {
        // Neighbouring seeds of this generator start alike: spread them first.
        let mixed = (self.seed ^ number.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Rng::with_seed(mixed ^ mixed >> 29)
    }
}

/// A legal event from the table.
fn plain(picker: &mut Picker<'_>) -> Event {
    for _ in 0..ATTEMPTS {
        if let Some(event) = single::event(picker).filter(|event| is_legal(event, picker.shadow)) {
            return event;
        }
    }
    match picker.spare() {
        Some(process) if picker.process().is_none() => Event::Spawn { process },
        _ => Event::Reclaim { frames: 1 },
    }
}

fn is_legal(event: &Event, shadow: &Shadow) -> bool {
    match shadow.foresee(event) {
        Ok(Forecast::Always) => true,
        Ok(Forecast::Map(forecast)) => !forecast.is_refused(),
        // A refused access is a legal question when the page is there: poison, the end of an object.
        Ok(Forecast::Access(forecast)) => !forecast.is_refused() || is_about_a_page(event, shadow),
        Err(_) => false,
    }
}

fn is_about_a_page(event: &Event, shadow: &Shadow) -> bool {
    matches!(event, Event::Touch { process, page, .. } if shadow.is_mapped(*process, *page))
}

/// The highest number that processes have, for events that name none.
const NOBODY: Process = Process(super::MOST_PROCESSES as u16 - 1);
