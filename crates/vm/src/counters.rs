//! What the VM counts while it works.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use crate::machine::Flushed;

/// A counter with one writer at a time: a plain load and store, no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// The count.
    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A level with its high-water mark.
#[derive(Debug, Default)]
pub struct Gauge {
    now: Counter,
    peak: Counter,
}

impl Gauge {
    /// One more.
    pub fn raise(&self) {
        self.now.add(1);
        if self.now.get() > self.peak.get() {
            self.peak.0.store(self.now.get(), Relaxed);
        }
    }

    /// One less.
    pub fn lower(&self) {
        self.now.add(1u64.wrapping_neg());
    }

    /// The level now.
    pub fn now(&self) -> u64 {
        self.now.get()
    }

    /// The highest level since the VM began.
    pub fn peak(&self) -> u64 {
        self.peak.get()
    }
}

/// The counters of one CPU.
#[derive(Debug, Default)]
pub struct Counters {
    /// Stores to page-table entries of any level.
    pub pte_writes: Counter,
    /// INVLPG instructions.
    pub invlpg: Counter,
    /// CR3 loads, context switches included.
    pub cr3_loads: Counter,
    /// PTE slots looked at to find a frame's mappings.
    pub probes: Counter,
    /// Walks of all tables because the scheme alone had no full answer.
    pub scans: Counter,
    /// Frames taken from the allocator for any purpose.
    pub allocations: Counter,
    /// VMAs cut in two.
    pub vma_splits: Counter,
    /// PTEs that moved with their range.
    pub ptes_moved: Counter,
    /// Failed attempts to take a lock.
    pub lock_waits: Counter,
    /// Frames found with every mapping.
    pub find_exact: Counter,
    /// Frames found with some mappings.
    pub find_partial: Counter,
    /// Frames the scheme knew nothing of.
    pub find_unknown: Counter,
    /// Given frames that were freed.
    pub freed: Counter,
    /// Given frames whose contents were moved to another frame.
    pub migrated: Counter,
    /// Frames that memory pressure brought free.
    pub reclaimed: Counter,
    /// Given frames that were left alone.
    pub refused: Counter,
}

impl Counters {
    /// Counts what a flush really did.
    #[inline]
    pub fn count_flush(&self, flushed: Flushed) {
        match flushed {
            Flushed::Nothing => {}
            Flushed::Invlpg => self.invlpg.add(1),
            Flushed::Cr3Load => self.cr3_loads.add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_remembers_its_peak() {
        let gauge = Gauge::default();
        gauge.raise();
        gauge.raise();
        gauge.lower();
        assert_eq!((gauge.now(), gauge.peak()), (1, 2));
    }
}
