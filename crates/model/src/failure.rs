//! Allocations that fail on demand, and the places that were seen to allocate.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use crate::lock::lock;

/// A place in the source that allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationPoint {
    /// The place.
    pub location: &'static Location<'static>,
    /// How many allocations were asked for there while somebody watched.
    pub reached: u64,
    /// How many of those were made to fail.
    pub failed: u64,
}

/// What decides whether an allocation may succeed.
#[derive(Debug, Default)]
pub(crate) struct Allocations {
    /// Whether `watch` wants to hear of allocations: keeps its lock out of every other run.
    watched: AtomicBool,
    watch: Mutex<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    recording: bool,
    /// The allocation to fail, counted from the arming. Stays when it has failed, so that counting
    /// goes on until it is called off.
    failing: Option<u64>,
    since_armed: u64,
    /// Ordered by file, line and column; generic code reaches one place by many `Location`s.
    points: BTreeMap<&'static Location<'static>, Tally>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    reached: u64,
    failed: u64,
}

impl Allocations {
    pub(crate) fn record(&self) {
        lock(&self.watch).recording = true;
        self.watched.store(true, Relaxed);
    }

    pub(crate) fn fail(&self, nth: Option<u64>) {
        let mut watch = lock(&self.watch);
        watch.failing = nth;
        if nth.is_some() {
            watch.since_armed = 0;
        }
        self.watched.store(watch.recording || nth.is_some(), Relaxed);
    }

    pub(crate) fn since_armed(&self) -> u64 {
        lock(&self.watch).since_armed
    }

    pub(crate) fn points(&self) -> Vec<AllocationPoint> {
        lock(&self.watch)
            .points
            .iter()
            .map(|(&location, &Tally { reached, failed })| AllocationPoint {
                location,
                reached,
                failed,
            })
            .collect()
    }

    #[inline]
    pub(crate) fn may_succeed(&self, point: &'static Location<'static>) -> bool {
        !self.watched.load(Relaxed) || lock(&self.watch).reach(point)
    }
}

impl Watch {
    /// Counts an allocation; whether it may succeed.
    fn reach(&mut self, point: &'static Location<'static>) -> bool {
        let tally = self.points.entry(point).or_default();
        tally.reached += 1;
        let Some(nth) = self.failing else {
            return true;
        };
        let fails = self.since_armed == nth;
        tally.failed += u64::from(fails);
        self.since_armed += 1;
        !fails
    }
}
