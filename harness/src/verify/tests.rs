//! From an engine that finds something to what a user reads, and an engine that panics.

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use rmap::{PageIndex, Scheme, SchemeId};
use runner::verify::{Engine, Script, Text, Trouble, World};
use vm::{Access, Machine};
use workload::{Event, Process};

use super::{Finding, Passed, minimal, mismatched, passed, read, trace};
use crate::link::Answer;
use crate::modelled;
use crate::plan::Verification;
use crate::results::Run;
use crate::session::{Heard, Observer, Patience, Recording, listen};

const EVERY: NonZeroU32 = NonZeroU32::MIN;

/// Under `pte-next` only, a page that was written to before a fork is lost with the child's exit.
#[derive(Default)]
struct Forgetful;

/// Panics at the first event.
#[derive(Default)]
struct Panicking;

struct Play {
    random: fastrand::Rng,
    faulty: bool,
    story: Story,
}

/// How far the parent's page has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Story {
    Fresh,
    Written,
    Shared,
    Lost,
}

impl Engine for Forgetful {
    const ARENA_FRAMES: u32 = 64;

    fn open<S: Scheme, M: Machine>(
        &mut self,
        _machine: &M,
        seed: u64,
        live: impl FnOnce(&mut dyn World) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let random = fastrand::Rng::with_seed(seed);
        let faulty = S::ID == SchemeId::PteNext;
        live(&mut Play { random, faulty, story: Story::Fresh })
    }
}

impl World for Play {
    fn invent(&mut self) -> Event {
        let (parent, child) = (Process(0), Process(1));
        let page = PageIndex(self.random.u64(16..32));
        match self.random.u8(..8) {
            0 => Event::Fork { parent, child },
            1 => Event::Exit { process: child },
            2 => Event::Touch { process: parent, page, access: Access::Write },
            _ => Event::Touch { process: parent, page, access: Access::Read },
        }
    }

    fn apply(&mut self, event: Event) -> Result<(), Trouble> {
        self.story = match (event, self.story) {
            (Event::Touch { access: Access::Write, .. }, Story::Fresh) => Story::Written,
            (Event::Fork { .. }, Story::Written) => Story::Shared,
            (Event::Exit { .. }, Story::Shared) => Story::Lost,
            (_, story) => story,
        };
        Ok(())
    }

    fn check(&mut self) -> Result<(), Trouble> {
        if self.story == Story::Lost && self.faulty {
            return Err(Trouble::Mismatch(Text::of("a page is lost")));
        }
        Ok(())
    }
}

impl Engine for Panicking {
    const ARENA_FRAMES: u32 = 64;

    fn open<S: Scheme, M: Machine>(
        &mut self,
        _machine: &M,
        _seed: u64,
        _live: impl FnOnce(&mut dyn World) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        panic!("a lock is taken\nthat is held")
    }
}

/// Events of each scheme.
const EACH: u64 = 100;

struct Nobody;

impl Observer for Nobody {
    fn console(&mut self, _text: &str) {}

    fn remark(&mut self, _remark: &str) {}

    fn progressed(&mut self, _run: &Run) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn heard_of<E: Engine + Send + 'static>(engine: E) -> Heard {
    let events = EACH * SchemeId::ALL.len() as u64;
    let plan = Verification { schemes: None, events, seed: 7, check_every: EVERY };
    let mut port =
        modelled::start(plan.resolve().unwrap(), String::new(), engine, u64::MAX).unwrap();
    let files = tempfile::tempdir().unwrap();
    let mut recording = Recording::create(&files.path().join("raw.bin")).unwrap();
    let patience =
        Patience { greeting: Some(Duration::from_mins(1)), silence: Some(Duration::from_mins(1)) };
    listen(&mut port, Answer::Start, &mut recording, patience, &mut Nobody).unwrap()
}

#[test]
fn a_mismatch_arrives_with_its_event_and_the_other_schemes_go_on() {
    let run = heard_of(Forgetful).run;
    assert!(run.finished);
    let (failed, passed): (Vec<_>, Vec<_>) =
        run.cells.values().partition(|cell| cell.scheme == "pte-next");
    let [failed] = failed[..] else { panic!("one cell of pte-next") };
    let mismatch = failed.mismatch.as_ref().expect("it is found");
    assert_eq!(mismatch.what, "a page is lost");
    assert_eq!(failed.verified.map(|verified| verified.events + 1), Some(mismatch.event));
    assert_eq!(mismatch.seed, 7, "it is in the first world");
    assert_eq!(passed.len(), SchemeId::ALL.len() - 1);
    for passed in passed {
        assert_eq!(passed.mismatch, None);
        assert_eq!(passed.verified.map(|v| (v.events, v.checks)), Some((EACH, EACH + 1)));
    }
}

#[test]
fn a_panic_is_a_crash_of_the_guest_and_not_of_the_tool() {
    let heard = heard_of(Panicking);
    let crash = heard.run.crash.expect("it is reported");
    assert!(crash.what.contains("a lock is taken that is held"), "{}", crash.what);
    assert_eq!(crash.cell, Some(0));
    assert!(heard.ending.complete, "the last words are acknowledged");
}

fn finding(scheme: SchemeId) -> Finding {
    Finding { scheme, seed: 7, event: 31, what: "a page is lost".to_owned() }
}

#[test]
fn a_finding_shrinks_to_the_events_that_it_takes() {
    let script = Script::Random { seed: 7, events: 100 };
    let minimal =
        minimal::<Forgetful>(&finding(SchemeId::PteNext), script, EVERY).expect("it goes wrong");
    assert_eq!(minimal.events.len(), 3, "{}", minimal.trace);
    let kept: Vec<Event> = read(&minimal.trace).unwrap().iter().map(|each| each.event).collect();
    assert_eq!(kept, minimal.events, "the trace can be replayed");
    let text = mismatched(&finding(SchemeId::PteNext), Some(&minimal), "cargo rmapbench verify");
    insta::assert_snapshot!(text);
}

#[test]
fn what_shows_only_where_it_is_rarely_checked_shrinks_too() {
    let script = Script::Random { seed: 7, events: 100 };
    let rarely = NonZeroU32::new(90).unwrap();
    let minimal =
        minimal::<Forgetful>(&finding(SchemeId::PteNext), script, rarely).expect("it goes wrong");
    assert_eq!(minimal.events.len(), 3, "{}", minimal.trace);
}

#[test]
fn what_does_not_show_on_the_model_is_said_to_be_so() {
    let script = Script::Random { seed: 7, events: 100 };
    assert_eq!(minimal::<Forgetful>(&finding(SchemeId::Scan), script, EVERY), None);
    let text = mismatched(&finding(SchemeId::Scan), None, "cargo rmapbench verify");
    assert!(text.contains("does not show on the modelled machine"), "{text}");
}

#[test]
fn a_line_says_what_to_repeat() {
    let (events, checks, time) = (1000, 1001, Duration::from_millis(2340));
    assert_eq!(
        passed(&Passed { scheme: "scan", events, checks, seed: 7, time }),
        "scan                   1000 events, 1001 checks, 0 mismatches, seed 7, 2.3 s\n"
    );
}

#[test]
fn events_survive_as_a_trace() {
    let (process, page) = (Process(3), PageIndex(0x1_fff0));
    let events = [
        Event::Spawn { process },
        Event::Fork { parent: process, child: Process(9) },
        Event::Touch { process, page, access: Access::Read },
        Event::Touch { process, page, access: Access::Write },
        Event::Exit { process },
    ];
    let text = format!("# what happened\n\n{}", trace(&events));
    let again = read(&text).unwrap();
    assert_eq!(again.iter().map(|each| each.event).collect::<Vec<_>>(), events);
    assert_eq!(again[0].line, 3);
}
