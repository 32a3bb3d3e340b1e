//! From the firmware's memory map to ranges that are sorted, apart, page-aligned and really free.

use heapless::Vec;

use crate::boot_info::{Area, AreaKind, MAX_AREAS};

/// Bytes in a page.
pub const PAGE_BYTES: u64 = 4096;

/// Below this address live the BIOS, its data and the VGA's memory: left alone.
pub const LOW_MEMORY_END: u64 = 1 << 20;

/// Ranges can be split by what is cut out of them, so there may be more than areas.
pub const MAX_RANGES: usize = 2 * MAX_AREAS;

/// Addresses from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
}

impl Range {
    /// A range from `start` to before `end`.
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    /// Its length in bytes, 0 if it is inside out.
    pub const fn bytes(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no address.
    pub const fn is_empty(self) -> bool {
        self.bytes() == 0
    }

    /// The largest range of whole units of `alignment` (a power of two) inside this one.
    #[must_use]
    pub const fn shrink_to(self, alignment: u64) -> Self {
        let mask = alignment - 1;
        Self { start: self.start.saturating_add(mask) & !mask, end: self.end & !mask }
    }

    /// The smallest range of whole pages around this one.
    #[must_use]
    pub const fn grow_to_pages(self) -> Self {
        let mask = PAGE_BYTES - 1;
        Self { start: self.start & !mask, end: self.end.saturating_add(mask) & !mask }
    }

    /// What is left of this range below and above `hole`; either may be empty.
    #[must_use]
    pub fn without(self, hole: Self) -> [Self; 2] {
        if hole.is_empty() {
            return [self, Self::new(self.end, self.end)];
        }
        [
            Self::new(self.start, self.end.min(hole.start)),
            Self::new(self.start.max(hole.end), self.end),
        ]
    }
}

/// Usable memory: sorted, whole pages, no two ranges touch.
pub type Ranges = Vec<Range, MAX_RANGES>;

/// The usable memory of a firmware's map, without the first MiB, without `image`, and without
/// whatever any reserved area covers. Ranges past [`MAX_RANGES`] are left unused.
pub fn usable(areas: &[Area], image: Range) -> Ranges {
    let mut ranges = Ranges::new();
    for area in areas.iter().filter(|area| area.kind == AreaKind::Usable) {
        add(&mut ranges, extent(area).shrink_to(PAGE_BYTES));
    }
    merge(&mut ranges);
    cut(&mut ranges, Range::new(0, LOW_MEMORY_END));
    cut(&mut ranges, image.grow_to_pages());
    for area in areas.iter().filter(|area| area.kind == AreaKind::Reserved) {
        cut(&mut ranges, extent(area).grow_to_pages());
    }
    ranges
}

/// What of `ranges` lies below `limit`, a multiple of the page size.
pub fn below(mut ranges: Ranges, limit: u64) -> Ranges {
    cut(&mut ranges, Range::new(limit, u64::MAX));
    ranges
}

/// The pages that any of `ranges` touches, sorted; past [`MAX_RANGES`] the rest is forgotten.
pub fn pages(ranges: impl Iterator<Item = Range>) -> Ranges {
    let mut pages = Ranges::new();
    for range in ranges {
        add(&mut pages, range.grow_to_pages());
    }
    merge(&mut pages);
    pages
}

/// What of `range` lies outside of `ranges`.
pub fn outside(range: Range, ranges: &Ranges) -> Ranges {
    let mut rest = Ranges::new();
    add(&mut rest, range);
    for &hole in ranges {
        cut(&mut rest, hole);
    }
    rest
}

const fn extent(area: &Area) -> Range {
    Range::new(area.start, area.start.saturating_add(area.length))
}

fn add(ranges: &mut Ranges, range: Range) {
    if !range.is_empty() {
        // Dropping memory is safe; it is merely not used.
        let _ = ranges.push(range);
    }
}

/// Sorts, and joins ranges that touch or overlap.
fn merge(ranges: &mut Ranges) {
    ranges.sort_unstable();
    let mut merged = Ranges::new();
    for &range in ranges.iter() {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => add(&mut merged, range),
        }
    }
    *ranges = merged;
}

fn cut(ranges: &mut Ranges, hole: Range) {
    let mut rest = Ranges::new();
    for range in ranges.iter() {
        for part in range.without(hole) {
            add(&mut rest, part);
        }
    }
    *ranges = rest;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;
    const IMAGE: Range = Range::new(2 * MIB, 3 * MIB + 1);

    const fn area(start: u64, length: u64, kind: AreaKind) -> Area {
        Area { start, length, kind }
    }

    #[test]
    fn a_bios_map_loses_low_memory_and_the_image() {
        let areas = [
            area(0, 0x9_fc00, AreaKind::Usable),
            area(0x9_fc00, 0x400, AreaKind::Reserved),
            area(MIB, 127 * MIB, AreaKind::Usable),
        ];
        assert_eq!(
            usable(&areas, IMAGE).as_slice(),
            [Range::new(MIB, 2 * MIB), Range::new(3 * MIB + PAGE_BYTES, 128 * MIB)]
        );
    }

    #[test]
    fn unsorted_and_overlapping_areas_become_one_range() {
        let areas = [
            area(20 * MIB, 10 * MIB, AreaKind::Usable),
            area(8 * MIB, 4 * MIB, AreaKind::Usable),
            area(12 * MIB, 9 * MIB, AreaKind::Usable),
        ];
        assert_eq!(usable(&areas, IMAGE).as_slice(), [Range::new(8 * MIB, 30 * MIB)]);
    }

    #[test]
    fn reserved_wins_where_areas_contradict_each_other() {
        let areas =
            [area(8 * MIB, 8 * MIB, AreaKind::Usable), area(10 * MIB + 1, 2, AreaKind::Reserved)];
        assert_eq!(
            usable(&areas, IMAGE).as_slice(),
            [Range::new(8 * MIB, 10 * MIB), Range::new(10 * MIB + PAGE_BYTES, 16 * MIB)]
        );
    }

    #[test]
    fn an_area_that_wraps_around_ends_at_the_top() {
        let areas = [area(u64::MAX - 10 * MIB, u64::MAX, AreaKind::Usable)];
        let ranges = usable(&areas, IMAGE);
        assert!(ranges.iter().all(|range| range.start < range.end));
    }

    #[test]
    fn what_lies_outside_may_be_all_some_or_nothing() {
        let ranges = Ranges::from_slice(&[Range::new(MIB, 2 * MIB)]).expect("one fits");
        let outside = |start, end| outside(Range::new(start, end), &ranges);
        assert_eq!(outside(3, 5).as_slice(), [Range::new(3, 5)]);
        assert_eq!(outside(MIB + 3, 3 * MIB).as_slice(), [Range::new(2 * MIB, 3 * MIB)]);
        assert!(outside(MIB, 2 * MIB).is_empty());
    }

    #[test]
    fn what_is_below_a_limit_ends_there() {
        let ranges = Ranges::from_slice(&[Range::new(MIB, 2 * MIB), Range::new(3 * MIB, 9 * MIB)]);
        let ranges = ranges.expect("two fit");
        let expected = [Range::new(MIB, 2 * MIB), Range::new(3 * MIB, 4 * MIB)];
        assert_eq!(below(ranges.clone(), 4 * MIB).as_slice(), expected);
        assert_eq!(below(ranges.clone(), 9 * MIB), ranges);
        assert!(below(ranges, 0).is_empty());
    }

    #[test]
    fn pages_that_two_ranges_share_come_once() {
        let ranges = [Range::new(9000, 9001), Range::new(4096, 8193), Range::new(0, 0)];
        let expected = [Range::new(4096, 3 * PAGE_BYTES)];
        assert_eq!(pages(ranges.into_iter()).as_slice(), expected);
    }

    fn any_area() -> impl Strategy<Value = Area> {
        (0..64 * MIB, 0..16 * MIB, any::<bool>()).prop_map(|(start, length, usable)| Area {
            start,
            length,
            kind: if usable { AreaKind::Usable } else { AreaKind::Reserved },
        })
    }

    proptest! {
        /// The definition, page by page: a page is in a range exactly if some usable area covers it
        /// whole, no reserved area touches it, and it is neither low memory nor the image.
        #[test]
        fn a_page_is_usable_exactly_if_the_areas_say_so(
            areas in proptest::collection::vec(any_area(), 0..12)
        ) {
            let ranges = usable(&areas, IMAGE);
            for pair in ranges.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            let covered: std::vec::Vec<Range> = {
                let mut parts = Ranges::new();
                for area in areas.iter().filter(|area| area.kind == AreaKind::Usable) {
                    add(&mut parts, extent(area).shrink_to(PAGE_BYTES));
                }
                parts.iter().copied().collect()
            };
            for page in (0..80 * MIB).step_by(PAGE_BYTES as usize) {
                let touches = |range: Range| page < range.end && range.start < page + PAGE_BYTES;
                let reserved = areas
                    .iter()
                    .any(|area| area.kind == AreaKind::Reserved && !extent(area).is_empty() && touches(extent(area)));
                let expected = covered.iter().any(|part| touches(*part))
                    && !reserved
                    && page >= LOW_MEMORY_END
                    && !touches(IMAGE);
                let found = ranges.iter().any(|range| touches(*range));
                prop_assert_eq!(found, expected, "page {:#x}", page);
            }
        }
    }
}
