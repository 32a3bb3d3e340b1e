//! Hands out the usable memory, once and for good: one arena, and buffers from what remains.

use crate::memory_map::{Range, Ranges};

/// The memory that is still free.
#[derive(Debug)]
pub struct Regions {
    free: Ranges,
}

impl Regions {
    /// Regions that start out as `usable`, sorted and apart.
    pub const fn new(usable: Ranges) -> Self {
        Self { free: usable }
    }

    /// What is free, in bytes.
    pub fn free_bytes(&self) -> u64 {
        self.free.iter().map(|range| range.bytes()).sum()
    }

    /// Takes `bytes` at a multiple of `alignment` (a power of two), wholly below `limit`, from the
    /// top of the smallest range that has room: the large ones stay whole for the arena.
    pub fn take(&mut self, bytes: u64, alignment: u64, limit: u64) -> Option<Range> {
        let (_, taken) = self
            .free
            .iter()
            .filter_map(|range| Some((range.bytes(), top_of(*range, bytes, alignment, limit)?)))
            .min_by_key(|(room, _)| *room)?;
        self.remove(taken);
        Some(taken)
    }

    /// Takes `bytes` from the bottom of the largest range, at a multiple of `alignment`.
    pub fn take_arena(&mut self, bytes: u64, alignment: u64) -> Option<Range> {
        let largest = self.largest(alignment);
        if bytes > largest.bytes() {
            return None;
        }
        let taken = Range::new(largest.start, largest.start + bytes);
        self.remove(taken);
        Some(taken)
    }

    /// The largest free range of whole units of `alignment`; empty if there is none.
    pub fn largest(&self, alignment: u64) -> Range {
        self.free
            .iter()
            .map(|range| range.shrink_to(alignment))
            .max_by_key(|range| range.bytes())
            .unwrap_or(Range::new(0, 0))
    }

    /// Hands out nothing of `range`.
    pub fn keep(&mut self, range: Range) {
        self.remove(range.grow_to_pages());
    }

    fn remove(&mut self, hole: Range) {
        let mut rest = Ranges::new();
        for part in self.free.iter().flat_map(|range| range.without(hole)) {
            if !part.is_empty() {
                // Past the capacity a part is forgotten, never handed out twice.
                let _ = rest.push(part);
            }
        }
        self.free = rest;
    }
}

fn top_of(range: Range, bytes: u64, alignment: u64, limit: u64) -> Option<Range> {
    let end = range.end.min(limit);
    let start = end.checked_sub(bytes)? & !(alignment - 1);
    (start >= range.start).then_some(Range::new(start, start + bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    fn regions(ranges: &[Range]) -> Regions {
        Regions::new(Ranges::from_slice(ranges).expect("few"))
    }

    #[test]
    fn buffers_come_from_the_smallest_range_with_room() {
        let mut regions = regions(&[Range::new(MIB, 2 * MIB), Range::new(4 * MIB, 100 * MIB)]);
        assert_eq!(regions.take(MIB / 2, 4096, u64::MAX), Some(Range::new(MIB + MIB / 2, 2 * MIB)));
        assert_eq!(regions.take(MIB, 4096, u64::MAX), Some(Range::new(99 * MIB, 100 * MIB)));
        assert_eq!(regions.take(1000 * MIB, 4096, u64::MAX), None);
    }

    #[test]
    fn a_limit_is_kept() {
        let mut regions = regions(&[Range::new(4 * MIB, 100 * MIB)]);
        assert_eq!(regions.take(MIB, 4096, 8 * MIB), Some(Range::new(7 * MIB, 8 * MIB)));
        assert_eq!(regions.take(MIB, 4096, 4 * MIB), None);
    }

    #[test]
    fn the_arena_is_aligned_and_comes_from_the_largest_range() {
        let mut regions = regions(&[Range::new(MIB, 2 * MIB), Range::new(3 * MIB, 100 * MIB)]);
        assert_eq!(regions.take_arena(10 * MIB, 2 * MIB), Some(Range::new(4 * MIB, 14 * MIB)));
    }

    #[test]
    fn what_is_kept_is_never_handed_out() {
        let mut regions = regions(&[Range::new(MIB, 8 * MIB)]);
        regions.keep(Range::new(6 * MIB + 7, 7 * MIB + 1));
        assert_eq!(regions.take_arena(5 * MIB, 2 * MIB), None);
        let below = Range::new(2 * MIB, 6 * MIB);
        assert_eq!(regions.take_arena(4 * MIB, 2 * MIB), Some(below));
        assert_eq!(regions.take(MIB, 4096, u64::MAX), Some(Range::new(MIB, 2 * MIB)));
        assert_eq!(regions.free_bytes(), MIB - 4096);
    }

    #[test]
    fn an_arena_larger_than_the_largest_range_is_not_to_be_had() {
        let mut regions = regions(&[Range::new(MIB, 2 * MIB), Range::new(4 * MIB, 60 * MIB)]);
        assert_eq!(regions.take_arena(57 * MIB, 2 * MIB), None);
        assert!(regions.take_arena(56 * MIB, 2 * MIB).is_some());
    }

    proptest! {
        #[test]
        fn nothing_is_handed_out_twice(
            requests in proptest::collection::vec((1u64..3 * MIB, 0u32..22), 1..24)
        ) {
            let usable = [
                Range::new(MIB, 2 * MIB),
                Range::new(3 * MIB, 20 * MIB),
                Range::new(24 * MIB, 30 * MIB),
            ];
            let mut regions = regions(&usable);
            let arena = regions.take_arena(4 * MIB, 2 * MIB).expect("17 MiB in a row");
            let mut taken = std::vec![arena];
            for (bytes, shift) in requests {
                taken.extend(regions.take(bytes, 1 << shift, 28 * MIB));
                if let Some(last) = taken.last() {
                    prop_assert!(usable.iter().any(|u| u.start <= last.start && last.end <= u.end));
                }
            }
            taken.sort_unstable();
            for pair in taken.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
        }
    }
}
