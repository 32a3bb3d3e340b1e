//! A scheme that walks the tables for every answer, and then says what a test tells it to.

use std::sync::Mutex;

use rmap::{
    Coverage, Covers, Frame, FrameFacts, MemoryFacts, PtePosition, Scheme, SchemeId, Search, Store,
    Violation, Visit,
};

pub const EXACT: u8 = 0;
pub const PARTIAL: u8 = 1;
pub const UNKNOWN: u8 = 2;

/// What becomes of the positions that a walk has found.
pub type Distort = fn(&mut Vec<PtePosition>);

/// By whose rules the coverage of each answer is `RULE`.
#[derive(Debug)]
pub struct Witness<const RULE: u8> {
    testimony: Mutex<(Coverage, Distort)>,
    violation: Mutex<Option<Violation>>,
}

impl<const RULE: u8> Witness<RULE> {
    const COVERAGE: Coverage = match RULE {
        EXACT => Coverage::Exact,
        PARTIAL => Coverage::Partial,
        _ => Coverage::Unknown,
    };

    pub fn testify(&self, coverage: Coverage, distort: Distort) {
        *self.testimony.lock().unwrap() = (coverage, distort);
    }

    pub fn report(&self, violation: Violation) {
        *self.violation.lock().unwrap() = Some(violation);
    }
}

impl<const RULE: u8> Default for Witness<RULE> {
    fn default() -> Self {
        let truth: Distort = if RULE == UNKNOWN { Vec::clear } else { |_| () };
        let testimony = Mutex::new((Self::COVERAGE, truth));
        Self { testimony, violation: Mutex::default() }
    }
}

impl<const RULE: u8> Scheme for Witness<RULE> {
    const ID: SchemeId = SchemeId::Scan;
    const COVERS: Covers = Covers::EveryPage;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let mut positions = Vec::new();
        let probes = store.scan(frame, &mut |position| {
            positions.push(position);
            Visit::Keep
        });
        let (coverage, distort) = *self.testimony.lock().unwrap();
        distort(&mut positions);
        for position in positions {
            visit(position);
        }
        Search { coverage, probes }
    }

    fn may_answer(answer: Coverage, _: &FrameFacts) -> bool {
        answer == Self::COVERAGE
    }

    fn metadata_bound(facts: &MemoryFacts) -> u64 {
        facts.tables * 4096
    }

    fn check(&self, _: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        match *self.violation.lock().unwrap() {
            Some(violation) if violation.frame == frame => Err(violation),
            _ => Ok(()),
        }
    }
}
