//! A failing list becomes minimal and still fails.

use proptest::prelude::*;

use super::shrink;
use crate::verify::{Generator, Shadow, Tag};
use crate::{Event, trace};

fn list(text: &str) -> Vec<Event> {
    trace::events(text).map(|event| event.expect("a line with an event")).collect()
}

fn text(events: &[Event]) -> String {
    events.iter().map(|event| trace::Line(event).to_string()).collect::<Vec<_>>().join("\n")
}

/// A VM that loses what a process wrote if it forked after moving the page.
fn loses_moved_pages(events: &[Event]) -> bool {
    let moved = events.iter().position(|event| matches!(event, Event::Mremap { .. }));
    let forked = |from: usize| events[from..].iter().any(|it| matches!(it, Event::Fork { .. }));
    moved.is_some_and(forked)
}

#[test]
fn what_does_not_matter_is_left_out_and_what_matters_is_made_small() {
    let long = list(
        "spawn 4\ncreate 1 file 8\nmmap 4 0x20000+12 fixed shared rw huge\ntouch 4 0x20003 write\n\
         mremap 4 0x20000+12 -> 12 to 0x1fff0\nreclaim 7\nfork 4 -> 7\ntouch 7 0x20003 read",
    );
    let short = shrink(&long, loses_moved_pages);
    assert_eq!(text(&short), "mremap 0 0x20000+1 -> 1 to 0x1fff0\nfork 0 -> 1");
}

#[test]
fn a_list_that_does_not_fail_stays_as_it_is() {
    let events = list("spawn 0\nfork 0 -> 1");
    assert_eq!(shrink(&events, |_| false), events);
}

#[test]
fn a_failure_without_any_event_needs_none() {
    assert_eq!(shrink(&list("spawn 0\nfork 0 -> 1"), |_| true), []);
}

#[test]
fn events_that_need_each_other_stay_together() {
    let events = list("spawn 3\nspawn 0\nfork 3 -> 1\nexit 1\nexec 0\nexit 3");
    let a_fork_and_an_exit_succeed = |events: &[Event]| {
        let mut shadow = Box::new(Shadow::new());
        let possible = |event: &&Event| shadow.assume(event, Tag::ZERO).is_ok();
        let lived: Vec<_> = events.iter().filter(possible).collect();
        lived.iter().any(|event| matches!(event, Event::Fork { .. }))
            && lived.iter().any(|event| matches!(event, Event::Exit { .. }))
    };
    let short = shrink(&events, a_fork_and_an_exit_succeed);
    assert_eq!(text(&short), "spawn 0\nfork 0 -> 1\nexit 0");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_event_of_a_minimal_list_can_be_left_out(seed: u64) {
        let mut shadow = Box::new(Shadow::new());
        let generator = Generator::new(seed);
        let mut events = Vec::new();
        for number in 0..300 {
            events.push(generator.event(number, &shadow));
            let _ = shadow.assume(&events[events.len() - 1], Tag::ZERO);
        }
        prop_assume!(loses_moved_pages(&events));
        let short = shrink(&events, loses_moved_pages);
        prop_assert!(loses_moved_pages(&short));
        for index in 0..short.len() {
            let mut shorter = short.clone();
            shorter.remove(index);
            prop_assert!(!loses_moved_pages(&shorter));
        }
    }
}
