//! Ranges of pages.

use rmap::PageIndex;
use vm::PageRange;

/// Pages `from` to `to`, the latter not included.
fn range(from: u64, to: u64) -> PageRange {
    PageRange::between(PageIndex(from), PageIndex(to))
}

#[test]
fn a_range_contains_its_pages_and_not_the_next() {
    let contained: Vec<u64> =
        (0..10).filter(|page| range(3, 6).contains(PageIndex(*page))).collect();
    assert_eq!(contained, [3, 4, 5]);
}

#[test]
fn a_range_encloses_itself_and_its_parts() {
    let outer = range(3, 6);
    for inner in [range(3, 6), range(3, 4), range(5, 6)] {
        assert!(outer.encloses(inner), "{inner:?}");
    }
    for other in [range(2, 4), range(5, 7), range(2, 7), range(6, 7)] {
        assert!(!outer.encloses(other), "{other:?}");
    }
}

#[test]
fn ranges_overlap_where_they_have_a_page_in_common() {
    let middle = range(3, 6);
    for (other, common) in [
        (range(1, 3), None),
        (range(6, 8), None),
        (range(1, 4), Some(range(3, 4))),
        (range(5, 8), Some(range(5, 6))),
        (range(4, 5), Some(range(4, 5))),
        (range(1, 9), Some(middle)),
    ] {
        assert_eq!(middle.common(other), common, "{other:?}");
        assert_eq!(middle.overlaps(other), common.is_some(), "{other:?}");
    }
}
