//! Ids, and what schemes say of themselves without a machine.

use std::collections::BTreeSet;

use rmap::{
    AnonVmaChain, Coverage, Frame, FrameFacts, HintExclusive, MemoryFacts, PageIndex, PageKind,
    PteNext, PtePosition, Scan, Scheme, SchemeId, Sharing, SpaceId, TableLevel, TableOwner,
};

#[test]
fn a_page_lies_at_its_slot_of_its_table() {
    for (page, base, slot) in [(0, 0, 0), (511, 0, 511), (512, 512, 0), (1030, 1024, 6)] {
        let page = PageIndex(page);
        assert_eq!((page.table_base(), page.slot()), (PageIndex(base), slot));
        assert_eq!(page.table_base().plus(u64::from(slot)), page);
    }
}

#[test]
fn a_slot_of_a_leaf_table_is_a_page_and_one_of_a_directory_a_table() {
    let owner = |level| TableOwner { space: SpaceId(1), base: PageIndex(1 << 18), level };
    for slot in [0, 3, 511] {
        let nth = u64::from(slot);
        assert_eq!(owner(TableLevel::Leaf).page(slot), PageIndex((1 << 18) + nth));
        assert_eq!(owner(TableLevel::Directory).page(slot), PageIndex((1 << 18) + nth * 512));
    }
}

#[test]
fn a_position_is_one_word() {
    let position = PtePosition { table: Frame(3), slot: 5 };
    assert_eq!(position.to_word(), 3 * 512 + 5 + 1);
    assert_eq!(PtePosition::from_word(3 * 512 + 5 + 1), Some(position));
}

#[test]
fn frames_and_positions_are_said_in_words() {
    let position = PtePosition { table: Frame(3), slot: 5 };
    assert_eq!(Frame(3).to_string(), "frame 3");
    assert_eq!(position.to_string(), "slot 5 of the table in frame 3");
}

#[test]
fn every_scheme_has_a_name_and_a_summary_of_its_own() {
    let mut said = BTreeSet::new();
    for id in SchemeId::ALL {
        assert_eq!(id.to_string(), id.name());
        assert!(id.summary().len() > id.name().len(), "{id}: {}", id.summary());
        assert!(said.insert(id.name()) && said.insert(id.summary()), "{id} is said twice");
    }
}

#[test]
fn a_scheme_says_how_much_memory_it_may_take() {
    let facts = MemoryFacts { tables: 7, mappings: 900, vmas: 3, vmas_peak: 5, spaces: 2 };
    assert_eq!(Scan::metadata_bound(&facts), 0);
    assert_eq!(HintExclusive::metadata_bound(&facts), 0);
    assert_eq!(PteNext::metadata_bound(&facts), 7 * 4096);
    assert_eq!(AnonVmaChain::metadata_bound(&facts), 3 * 5 * (48 + 24));
}

#[test]
fn a_scheme_says_what_it_has_to_know() {
    let page = PageKind::Anonymous;
    let facts = |mapcount, history| FrameFacts { page, mapcount, history };
    let answers = [Coverage::Exact, Coverage::Partial, Coverage::Unknown];
    let alone = facts(1, Sharing::Exclusive);
    let left_alone = facts(1, Sharing::Shared);
    let shared = facts(2, Sharing::Shared);
    for facts in [alone, left_alone, shared] {
        for answer in answers {
            let exact = answer == Coverage::Exact;
            assert_eq!(Scan::may_answer(answer, &facts), exact);
            assert_eq!(PteNext::may_answer(answer, &facts), exact);
            assert_eq!(AnonVmaChain::may_answer(answer, &facts), exact);
        }
    }
    for answer in answers {
        let unknown = answer == Coverage::Unknown;
        assert_eq!(HintExclusive::may_answer(answer, &alone), answer == Coverage::Exact);
        assert_eq!(HintExclusive::may_answer(answer, &left_alone), unknown);
        assert_eq!(HintExclusive::may_answer(answer, &shared), unknown);
    }
}
