//! Random events are legal nine times out of ten, of every kind, and follow from seed and number.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::Generator;
use crate::verify::{Answer, Shadow, Tag};
use crate::{Event, trace};

/// Events of a VM that never runs out of anything, and what it answered.
fn live(seed: u64, events: u64) -> (Box<Shadow>, Vec<(Event, Option<Answer>)>) {
    let mut shadow = Box::new(Shadow::new());
    let generator = Generator::new(seed);
    let mut lived = Vec::new();
    for number in 0..events {
        let event = generator.event(number, &shadow);
        let answer = shadow.assume(&event, Tag(number as u32 + 1)).ok();
        lived.push((event, answer));
    }
    (shadow, lived)
}

fn is_refused(answer: Option<Answer>) -> bool {
    matches!(answer, None | Some(Answer::Map(Err(_)) | Answer::Access(Err(_))))
}

/// The first word of an event's line, for a frame the second one too.
fn kind(event: &Event) -> String {
    let line = trace::Line(event).to_string();
    let words = if line.starts_with("frame") { 2 } else { 1 };
    line.split(' ').take(words).collect::<Vec<_>>().join(" ")
}

#[test]
fn events_follow_from_seed_and_number() {
    let first: Vec<_> = live(5, 400).1;
    assert_eq!(first[..200], live(5, 200).1);
    assert_ne!(first, live(6, 400).1);
}

#[test]
fn every_kind_of_event_happens() {
    let kinds: BTreeSet<_> = live(1, 20_000).1.iter().map(|(event, _)| kind(event)).collect();
    // 18 single words (mlock has two) and 11 operations on a frame.
    assert_eq!(kinds.len(), 19 - 1 + 11, "{kinds:?}");
}

#[test]
fn about_one_event_in_ten_is_refused() {
    let lived = live(2, 20_000).1;
    let refused = lived.iter().filter(|(_, answer)| is_refused(*answer)).count();
    assert!((1_000..4_000).contains(&refused), "{refused} of 20000");
}

#[test]
fn every_kind_of_event_is_often_legal() {
    let mut counts = BTreeMap::<String, (u32, u32)>::new();
    for (event, answer) in live(3, 20_000).1 {
        let count = counts.entry(kind(&event)).or_default();
        count.0 += 1;
        count.1 += u32::from(is_refused(answer));
    }
    for (kind, (all, refused)) in counts {
        assert!(refused * 3 < all * 2, "{kind}: {refused} of {all}");
    }
}

#[test]
fn families_grow_deep_and_pages_are_written() {
    let (shadow, lived) = live(4, 5_000);
    assert!(shadow.living().count() >= 3);
    let writes = lived.iter().filter(|(_, answer)| matches!(answer, Some(Answer::Access(Ok(_)))));
    assert!(writes.count() > 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_shadow_never_surprises_itself_and_events_survive_as_text(seed: u64) {
        for (event, _) in live(seed, 500).1 {
            let line = trace::Line(&event).to_string();
            prop_assert_eq!(trace::event(&line, 1), Ok(Some(event)));
        }
    }
}
