//! Lists of events that once went wrong, and some that would go wrong first. `rmapbench verify` prints
//! what it finds in this form.

use std::num::NonZeroU32;

use model::Model;
use rmap::{HintExclusive, PteNext, Scan, Scheme};
use runner::verify::{Engine, Script, Shadowed, Text, Trouble, Watch, explore};
use workload::Event;
use workload::trace::events;
use workload::verify::Shadow;

type Real = Shadowed<Box<Shadow>>;

/// Has the events of `trace` happen in the world of `seed`, with everything checked after each.
fn replay<S: Scheme>(seed: u64, trace: &str) {
    struct Flushes<'m>(&'m Model);
    impl Watch for Flushes<'_> {
        fn anomaly(&mut self) -> Option<Text> {
            self.0.take_stale_uses().first().map(|stale| Text::of(format_args!("{stale:?}")))
        }
    }
    let events: Vec<Event> = events(trace).collect::<Result<_, _>>().expect("it is a trace");
    let machine = Model::new(Real::ARENA_FRAMES);
    let script = Script::List { seed, events: &events };
    let watch = &mut Flushes(&machine);
    let explored = explore(S::ID, &mut Real::default(), &machine, script, NonZeroU32::MIN, watch);
    let words = |trouble: &Trouble| match trouble {
        Trouble::Mismatch(what) | Trouble::Refused(what) => what.to_string(),
    };
    let trouble = explored.trouble.as_ref().map(words);
    assert_eq!(trouble, None, "at event {} under {}", explored.culprit(script), S::ID);
}

/// A swap entry that fork copies must be counted.
#[test]
fn a_page_that_two_relatives_hold_on_the_device_outlives_the_first() {
    const TRACE: &str = "
        spawn 0
        mmap 0 0x100029+1 vacant private rw small
        fork 0 -> 1
        touch 1 0x100029 write
        reclaim 1
        fork 1 -> 2
        exit 1
        touch 2 0x100029 read";
    replay::<Scan>(1, TRACE);
    replay::<PteNext>(1, TRACE);
    replay::<HintExclusive>(1, TRACE);
}

#[test]
#[should_panic(expected = "process 4 ")]
fn an_event_that_makes_no_sense_is_refused_with_its_reason() {
    replay::<Scan>(1, "spawn 0\nexit 4");
}
