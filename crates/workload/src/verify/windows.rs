//! The few pages that a random world uses, so that events collide and the shadow stays small.

use rmap::PageIndex;
use vm::{ANYWHERE_FROM, BRK_START, PageRange};

/// Small areas of every kind; a leaf table ends in its middle.
pub const GENERAL: PageRange = PageRange { start: PageIndex(0x1_ffe0), pages: 64 };

/// The `brk` heap.
pub const HEAP: PageRange = PageRange { start: BRK_START, pages: 16 };

/// Where the lowest gap is looked for.
pub const ANYWHERE: PageRange = PageRange { start: ANYWHERE_FROM, pages: 64 };

/// Room for two 2 MiB pages, and a tail that is none.
pub const HUGE: PageRange = PageRange { start: PageIndex(0x20_0000), pages: 2 * 512 + 32 };

/// Stacks; page tables of every level end in its middle.
pub const STACK: PageRange = PageRange { start: PageIndex(0x7fff_fff0), pages: 32 };

/// All of them, by address.
pub const WINDOWS: [PageRange; 5] = [GENERAL, HEAP, ANYWHERE, HUGE, STACK];

/// Pages of all windows.
pub const WINDOW_PAGES: usize = {
    let mut sum = 0;
    let mut index = 0;
    while index < WINDOWS.len() {
        sum += WINDOWS[index].pages as usize;
        index += 1;
    }
    sum
};

/// Addresses end here: 47 bits, in pages.
pub const ADDRESS_END: u64 = 1 << 35;

/// The place of a page among the pages of all windows.
#[must_use]
pub fn slot_of(page: PageIndex) -> Option<usize> {
    let mut before = 0;
    for window in WINDOWS {
        if window.contains(page) {
            return Some(before + (page.0 - window.start.0) as usize);
        }
        before += window.pages as usize;
    }
    None
}

/// The page at a place that [`slot_of`] names.
#[must_use]
pub fn page_of(slot: usize) -> Option<PageIndex> {
    let mut left = slot as u64;
    for window in WINDOWS {
        if left < window.pages {
            return Some(window.start.plus(left));
        }
        left -= window.pages;
    }
    None
}

/// Whether all of `range` lies in one window.
#[must_use]
pub fn hold(range: PageRange) -> bool {
    let end = range.start.0.saturating_add(range.pages);
    WINDOWS.iter().any(|window| window.start <= range.start && end <= window.end().0)
}

/// The places of those pages of `range` that lie in a window, by address.
pub fn slots_in(range: PageRange) -> impl Iterator<Item = usize> {
    let end = range.start.0.saturating_add(range.pages);
    let mut before = 0;
    WINDOWS.into_iter().flat_map(move |window| {
        let base = before;
        before += window.pages as usize;
        let first = range.start.0.max(window.start.0);
        let last = end.min(window.end().0).max(first);
        (first..last).map(move |page| base + (page - window.start.0) as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_one_page_and_back() {
        for slot in 0..WINDOW_PAGES {
            assert_eq!(page_of(slot).and_then(slot_of), Some(slot));
        }
        assert_eq!(page_of(WINDOW_PAGES), None);
    }

    #[test]
    fn windows_are_sorted_and_too_far_apart_for_a_stack_to_reach_the_next() {
        for pair in WINDOWS.windows(2) {
            assert!(pair[0].end().0 + 2 * vm::STACK_WINDOW < pair[1].start.0);
        }
    }

    #[test]
    fn a_range_over_two_windows_names_the_pages_of_both() {
        let range = PageRange { start: GENERAL.start, pages: HEAP.end().0 - GENERAL.start.0 };
        assert_eq!(slots_in(range).count() as u64, GENERAL.pages + HEAP.pages);
        assert!(!hold(range));
    }
}
