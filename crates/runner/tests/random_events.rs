//! Random events as a plan on the modelled machine, and what an engine's finding becomes.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use model::Model;
use rmap::{Scheme, SchemeId};
use runner::verify::{
    Engine, Explored, LIFE, Orders, Script, Shadowed, Text, Trouble, Watch, World, explore, verify,
};
use runner::{Resolved, Sink, resolve};
use vm::Machine;
use wire::{Activity, HostPresence, Plan, Record};
use workload::verify::Shadow;
use workload::{Event, Process};

/// The engine that is used for real.
type Real = Shadowed<Box<Shadow>>;

const EVERY: NonZeroU32 = NonZeroU32::MIN;

/// Events are shared evenly by so many.
const SCHEMES: u64 = SchemeId::ALL.len() as u64;

/// Finds something at its third event, or, if it never gets there, after everything.
#[derive(Default)]
struct Third;

struct Counting(u16);

impl Engine for Third {
    const ARENA_FRAMES: u32 = 64;

    fn open<S: Scheme, M: Machine>(
        &mut self,
        _machine: &M,
        _seed: u64,
        live: impl FnOnce(&mut dyn World) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        live(&mut Counting(0))?;
        Err(Trouble::Mismatch(Text::of("a frame is missing")))
    }
}

impl World for Counting {
    fn invent(&mut self) -> Event {
        self.0 += 1;
        Event::Spawn { process: Process(self.0) }
    }

    fn apply(&mut self, event: Event) -> Result<(), Trouble> {
        match event {
            Event::Spawn { process: Process(3) } => {
                Err(Trouble::Mismatch(Text::of("the third is wrong")))
            }
            Event::Spawn { process: Process(4) } => Err(Trouble::Refused(Text::of("no fourth"))),
            _ => Ok(()),
        }
    }

    fn check(&mut self) -> Result<(), Trouble> {
        Ok(())
    }
}

/// Keeps what is said; its room ends after `room` records.
struct Notes {
    said: Vec<String>,
    room: usize,
}

impl Notes {
    fn with_room(room: usize) -> Self {
        Self { said: Vec::new(), room }
    }
}

impl Sink for Notes {
    type Error = ();

    fn record(&mut self, record: &Record<'_>) -> Result<(), ()> {
        let mut frame = [0; 500];
        postcard::to_slice(record, &mut frame).expect("a record fits a frame");
        self.said.push(format!("{record:?}"));
        if self.said.len() < self.room { Ok(()) } else { Err(()) }
    }
}

fn plan(events: u64) -> Plan {
    let activity = Activity::Verify { events, check_every: 1 };
    Plan { activity, seed: 7, ..runner::quick(HostPresence::Certain) }
}

fn verified<E: Engine>(plan: &Plan, engine: &mut E, notes: &mut Notes) -> Result<(), ()> {
    verified_every(EVERY, plan, engine, notes)
}

fn verified_every<E: Engine>(
    check_every: NonZeroU32,
    plan: &Plan,
    engine: &mut E,
    notes: &mut Notes,
) -> Result<(), ()> {
    let resolved: Resolved<'_> = resolve(plan, "").unwrap();
    let Activity::Verify { events, .. } = resolved.activity else { panic!("{resolved:?}") };
    let orders = Orders { events, check_every };
    let machine = Model::new(E::ARENA_FRAMES);
    verify(&resolved, orders, engine, &machine, &mut || None, notes)
}

#[test]
fn all_schemes_agree_with_the_oracle_in_even_shares() {
    let mut notes = Notes::with_room(usize::MAX);
    verified(&plan(100 * SCHEMES + 2), &mut Real::default(), &mut notes).unwrap();
    let ends = |number| {
        notes.said.iter().any(|said| {
            *said
                == format!(
                    "Verified {{ cell: {number}, events: {}, checks: {} }}",
                    100 + u64::from(number < 2),
                    101 + u64::from(number < 2)
                )
        })
    };
    assert!((0..SCHEMES).all(ends), "{:#?}", notes.said);
    assert!(notes.said.iter().all(|said| !said.starts_with("Mismatch")));
    assert_eq!(notes.said.last().map(String::as_str), Some("RunFinished"));
}

#[test]
fn progress_is_told_from_time_to_time() {
    let mut notes = Notes::with_room(usize::MAX);
    let rarely = NonZeroU32::new(1000).unwrap();
    verified_every(rarely, &plan(10_000 * SCHEMES), &mut Real::default(), &mut notes).unwrap();
    let reports = notes.said.iter().filter(|said| said.starts_with("Verified")).count();
    // A thousand while it goes on and one at the end, under each scheme.
    assert_eq!(reports as u64, 1001 * SCHEMES);
    // Each of five worlds is checked twice and once more at its end.
    let lives = 10_000 / LIFE;
    let end = format!("Verified {{ cell: 2, events: 10000, checks: {} }}", 3 * lives);
    assert!(notes.said.contains(&end), "{:?}", notes.said.last());
}

#[test]
fn the_seed_decides_what_happens() {
    struct List(Vec<Event>);
    impl Watch for List {
        fn begins(&mut self, event: Event) {
            self.0.push(event);
        }
    }
    let events_of = |seed, scheme| {
        let mut list = List(Vec::new());
        let machine = Model::new(Real::ARENA_FRAMES);
        let script = Script::Random { seed, events: 500 };
        let explored = explore(scheme, &mut Real::default(), &machine, script, EVERY, &mut list);
        assert_eq!(explored.trouble, None);
        list.0
    };
    let events = events_of(7, SchemeId::Scan);
    assert_ne!(events, events_of(8, SchemeId::Scan));
    let machine = Model::new(Real::ARENA_FRAMES);
    let mut again = List(Vec::new());
    explore(
        SchemeId::Scan,
        &mut Real::default(),
        &machine,
        Script::Rest { seed: 7, events: &events },
        EVERY,
        &mut again,
    );
    assert_eq!(again.0, events, "a list happens as it is written");
}

#[test]
fn a_mismatch_ends_its_cell_and_names_the_event() {
    let mut notes = Notes::with_room(usize::MAX);
    verified(&plan(10 * SCHEMES), &mut Third, &mut notes).unwrap();
    for cell in 0..SCHEMES {
        let expected =
            format!("Mismatch {{ cell: {cell}, seed: 7, event: 3, what: \"the third is wrong\" }}");
        assert!(notes.said.contains(&expected), "{:#?}", notes.said);
    }
    assert_eq!(notes.said.last().map(String::as_str), Some("RunFinished"), "the others still run");
}

#[test]
fn what_shows_only_at_the_end_is_blamed_on_the_last_event() {
    let mut notes = Notes::with_room(usize::MAX);
    verified(&plan(2 * SCHEMES), &mut Third, &mut notes).unwrap();
    let expected = "Mismatch { cell: 2, seed: 7, event: 2, what: \"a frame is missing\" }";
    assert!(notes.said.iter().any(|said| said == expected), "{:#?}", notes.said);
}

#[test]
fn a_full_sink_ends_everything() {
    let mut notes = Notes::with_room(4);
    assert_eq!(verified(&plan(300), &mut Real::default(), &mut notes), Err(()));
    assert_eq!(notes.said.len(), 4);
}

fn explore_list(numbers: &[u16], watch: &mut dyn Watch) -> Explored {
    let list: Vec<Event> =
        numbers.iter().map(|&number| Event::Spawn { process: Process(number) }).collect();
    explore(
        SchemeId::Scan,
        &mut Third,
        &Model::new(64),
        Script::List { seed: 0, events: &list },
        EVERY,
        watch,
    )
}

#[test]
fn an_event_that_makes_no_sense_is_refused_with_its_place() {
    struct Nobody;
    impl Watch for Nobody {}
    let explored = explore_list(&[1, 2, 4, 5], &mut Nobody);
    assert_eq!(explored.trouble, Some(Trouble::Refused(Text::of("no fourth"))));
    assert_eq!((explored.events, explored.checks), (2, 2));
}

#[test]
fn what_the_machine_saw_is_a_mismatch_of_that_event() {
    struct Stale;
    impl Watch for Stale {
        fn anomaly(&mut self) -> Option<Text> {
            Some(Text::of("a stale translation"))
        }

        fn progressed(&mut self, _: &Explored) -> ControlFlow<()> {
            panic!("there is no progress past it")
        }
    }
    let explored = explore_list(&[1, 2], &mut Stale);
    assert_eq!(explored.trouble, Some(Trouble::Mismatch(Text::of("a stale translation"))));
    assert_eq!(explored.events, 0);
}
