//! From a long list of events that fails to a short one that still does.

mod simpler;
#[cfg(test)]
mod tests;

use std::vec::Vec;

use crate::Event;

use simpler::{renumbered, simpler};

/// The shortest and plainest list found that still fails: no single event of it can be left out, and
/// no number in it made smaller. Returns `events` as they are if they do not fail.
///
/// `fails` is called many times, each time for a fresh world.
pub fn shrink(events: &[Event], mut fails: impl FnMut(&[Event]) -> bool) -> Vec<Event> {
    if !fails(events) {
        return events.to_vec();
    }
    let mut kept = cut_after_failure(events, &mut fails);
    loop {
        let before = kept.clone();
        kept = without_chunks(kept, &mut fails);
        kept = with_simpler_events(kept, &mut fails);
        if kept == before {
            return kept;
        }
    }
}

/// The shortest prefix that fails, by bisection: whoever runs the list stops at the first failure.
fn cut_after_failure(events: &[Event], fails: &mut impl FnMut(&[Event]) -> bool) -> Vec<Event> {
    let (mut passes, mut fails_at) = (0, events.len());
    while passes + 1 < fails_at {
        let middle = usize::midpoint(passes, fails_at);
        if fails(&events[..middle]) {
            fails_at = middle;
        } else {
            passes = middle;
        }
    }
    events[..fails_at].to_vec()
}

/// Delta debugging: leaves out ever smaller chunks, down to single events.
fn without_chunks(mut events: Vec<Event>, fails: &mut impl FnMut(&[Event]) -> bool) -> Vec<Event> {
    let mut size = events.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < events.len() {
            let end = (start + size).min(events.len());
            let shorter = [&events[..start], &events[end..]].concat();
            if fails(&shorter) {
                events = shorter;
            } else {
                start = end;
            }
        }
        size /= 2;
    }
    events
}

/// Smaller numbers and plainer attributes, one at a time.
fn with_simpler_events(
    mut events: Vec<Event>,
    fails: &mut impl FnMut(&[Event]) -> bool,
) -> Vec<Event> {
    if let Some(plainer) = renumbered(&events).filter(|plainer| fails(plainer)) {
        events = plainer;
    }
    for index in 0..events.len() {
        while let Some(plainer) = simpler(&events[index]).into_iter().find(|event| {
            let mut changed = events.clone();
            changed[index] = *event;
            fails(&changed)
        }) {
            events[index] = plainer;
        }
    }
    events
}
