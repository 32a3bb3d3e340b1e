use std::cell::Cell;
use std::collections::BTreeSet;
use std::iter::successors;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Enough that a list would show; an interpreter sees enough in fewer.
const MANY: u32 = if cfg!(miri) { 100 } else { 10_000 };

/// Nodes with ids from 1 on, in the order of (start, id).
#[expect(clippy::vec_box, reason = "to index a row of atomics, Miri looks at all of them")]
struct Arena(Vec<Box<Node>>);

struct Node {
    links: Links,
    range: Cell<(u64, u64)>,
    subtree_last: AtomicU64,
}

impl Arena {
    fn new(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let node = |range| {
            let (links, range) = (Links::default(), Cell::new(range));
            Box::new(Node { links, range, subtree_last: AtomicU64::new(0) })
        };
        Self(ranges.into_iter().map(node).collect())
    }

    /// Nodes that start at 0, 1, 2...
    fn ascending(nodes: u64) -> Self {
        Self::new((0..nodes).map(|start| (start, start)))
    }

    fn node(&self, id: u32) -> &Node {
        &self.0[id as usize - 1]
    }

    fn words(&self, id: u32) -> [u32; 3] {
        let links = self.links(id);
        [&links.left, &links.right, &links.parent].map(|link| link.load(Relaxed))
    }

    fn height(&self, id: u32) -> usize {
        if id == 0 {
            return 0;
        }
        let [left, right, _] = self.words(id);
        1 + self.height(left).max(self.height(right))
    }
}

impl Nodes for Arena {
    fn links(&self, id: u32) -> &Links {
        &self.node(id).links
    }

    fn precedes(&self, a: u32, b: u32) -> bool {
        (self.range(a).0, a) < (self.range(b).0, b)
    }

    fn refresh(&self, id: u32) {
        self.refresh_subtree_last(id);
    }
}

impl Intervals for Arena {
    fn range(&self, id: u32) -> (u64, u64) {
        self.node(id).range.get()
    }

    fn subtree_last(&self, id: u32) -> &AtomicU64 {
        &self.node(id).subtree_last
    }
}

/// Checks all at and below `id` and returns the last number there.
fn check_below(arena: &Arena, id: u32, parent: u32) -> u64 {
    if id == 0 {
        return 0;
    }
    let [left, right, up] = arena.words(id);
    assert_eq!(up, parent, "{id} knows its parent");
    assert!(parent == 0 || priority(parent) > priority(id), "{parent} belongs above {id}");
    let below = check_below(arena, left, id).max(check_below(arena, right, id));
    let last = below.max(arena.range(id).1);
    assert_eq!(arena.subtree_last(id).load(Relaxed), last, "{id} knows the last end below it");
    last
}

/// What the tree has to hold, in a form that cannot be wrong.
type Expected = BTreeSet<(u64, u32)>;

fn check_order(tree: &Tree<'_, Arena>, expected: &Expected) {
    let ids: Vec<u32> = expected.iter().map(|(_, id)| *id).collect();
    let forwards: Vec<u32> = successors(tree.first(), |id| tree.next(*id)).collect();
    assert_eq!(forwards, ids);
    let mut backwards: Vec<u32> = successors(tree.last(), |id| tree.previous(*id)).collect();
    backwards.reverse();
    assert_eq!(backwards, ids);
}

fn check_queries(tree: &Tree<'_, Arena>, expected: &Expected, (first, last): (u64, u64)) {
    let arena = tree.nodes;
    let from = tree.first_where(|id| arena.range(id).0 >= first);
    assert_eq!(from, expected.range((first, 0)..).next().map(|(_, id)| *id));

    let overlaps = |id: &u32| arena.range(*id).0 <= last && arena.range(*id).1 >= first;
    let hits =
        successors(tree.first_overlap(first, last), |id| tree.next_overlap(*id, first, last));
    let searched: Vec<u32> = expected.iter().map(|(_, id)| *id).filter(overlaps).collect();
    assert_eq!(hits.collect::<Vec<_>>(), searched, "overlaps with {first}..={last}");
}

#[derive(Clone, Debug)]
enum Step {
    /// Puts a node in with a new range; takes it out first if it is there.
    Insert(Index, (u64, u64)),
    Remove(Index),
    /// Moves the end of a node's range.
    Resize(Index, u64),
}

/// Short and long ranges, so that ends do not follow the order of starts; many starts are equal.
fn any_range() -> impl Strategy<Value = (u64, u64)> {
    let length = prop_oneof![4 => 0..6_u64, 1 => 0..60_u64];
    (0..50_u64, length).prop_map(|(first, more)| (first, first + more))
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<Index>(), any_range()).prop_map(|(node, range)| Step::Insert(node, range)),
        2 => any::<Index>().prop_map(Step::Remove),
        2 => (any::<Index>(), 0..60_u64).prop_map(|(node, more)| Step::Resize(node, more)),
    ]
}

const NODES: u32 = 60;

fn pick(node: Index) -> u32 {
    node.index(NODES as usize) as u32 + 1
}

fn take_out(tree: &Tree<'_, Arena>, expected: &mut Expected, id: u32) {
    if expected.remove(&(tree.nodes.range(id).0, id)) {
        tree.remove(id);
        assert_eq!(tree.nodes.words(id), [0; 3], "a removed node keeps no link");
    }
}

fn apply(tree: &Tree<'_, Arena>, expected: &mut Expected, step: &Step) {
    match *step {
        Step::Insert(node, range) => {
            let id = pick(node);
            take_out(tree, expected, id);
            tree.nodes.node(id).range.set(range);
            tree.insert(id);
            expected.insert((range.0, id));
        }
        Step::Remove(node) => take_out(tree, expected, pick(node)),
        Step::Resize(node, more) => {
            let id = pick(node);
            let (first, _) = tree.nodes.range(id);
            tree.nodes.node(id).range.set((first, first + more));
            if expected.contains(&(first, id)) {
                tree.refreshed(id);
            }
        }
    }
}

proptest! {
    #[test]
    fn it_finds_what_a_search_of_all_finds(
        steps in prop::collection::vec((any_step(), any_range()), 1..200),
    ) {
        let arena = Arena::new((0..NODES).map(|_| (0, 0)));
        let root = AtomicU32::new(0);
        let tree = Tree::new(&root, &arena);
        let mut expected = Expected::new();
        for (step, query) in steps {
            apply(&tree, &mut expected, &step);
            check_below(&arena, root.load(Relaxed), 0);
            check_order(&tree, &expected);
            check_queries(&tree, &expected, query);
        }
    }

    #[test]
    fn its_shape_depends_on_nothing_but_its_nodes(
        order in Just((1..=40).collect::<Vec<u32>>()).prop_shuffle(),
        kept in 0..=40_usize,
    ) {
        let grow = |order: &[u32], removed: &[u32]| {
            let arena = Arena::ascending(40);
            let root = AtomicU32::new(0);
            let tree = Tree::new(&root, &arena);
            for id in order {
                tree.insert(*id);
            }
            for id in removed {
                tree.remove(*id);
            }
            (1..=40).map(|id| arena.words(id)).collect::<Vec<_>>()
        };
        let (kept, removed) = order.split_at(kept);
        let mut sorted = kept.to_vec();
        sorted.sort_unstable();
        prop_assert_eq!(grow(&order, removed), grow(&sorted, &[]));
    }
}

#[test]
fn an_empty_tree_finds_nothing() {
    let arena = Arena::ascending(1);
    let root = AtomicU32::new(0);
    let tree = Tree::new(&root, &arena);
    assert_eq!((tree.first(), tree.last(), tree.first_where(|_| true)), (None, None, None));
    assert_eq!(tree.first_overlap(0, u64::MAX), None);
}

#[test]
fn no_two_nodes_have_the_same_priority() {
    let ids =
        (1..=1 << 12).flat_map(|low| [0, 1 << 16, 1 << 24, 0xffff << 16].map(|high| high | low));
    let mut priorities: Vec<u32> = ids.map(priority).collect();
    let nodes = priorities.len();
    priorities.sort_unstable();
    priorities.dedup();
    assert_eq!(priorities.len(), nodes);
}

#[test]
fn ascending_insertion_does_not_make_a_list_of_it() {
    let strides: &[u32] = if cfg!(miri) { &[1, 3] } else { &[1, 2, 3, 4, 8, 256] };
    for &stride in strides {
        let arena = Arena::ascending(u64::from(MANY * stride));
        let root = AtomicU32::new(0);
        let tree = Tree::new(&root, &arena);
        // Slab ids count granules: they lie an object's size apart.
        (0..MANY).for_each(|slot| tree.insert(1 + slot * stride));
        let height = arena.height(root.load(Relaxed));
        assert!(height < 4 * 14, "{height} levels of ids {stride} apart");
    }
}

/// Counts how often the tree looks at a node.
struct Watched<'a> {
    arena: &'a Arena,
    looks: Cell<usize>,
}

impl Nodes for Watched<'_> {
    fn links(&self, id: u32) -> &Links {
        self.looks.set(self.looks.get() + 1);
        self.arena.links(id)
    }

    fn precedes(&self, a: u32, b: u32) -> bool {
        self.arena.precedes(a, b)
    }
}

impl Intervals for Watched<'_> {
    fn range(&self, id: u32) -> (u64, u64) {
        self.arena.range(id)
    }

    fn subtree_last(&self, id: u32) -> &AtomicU64 {
        self.arena.subtree_last(id)
    }
}

#[test]
fn overlaps_are_found_without_a_look_at_all_others() {
    let arena = Arena::ascending(u64::from(MANY));
    let root = AtomicU32::new(0);
    (1..=MANY).for_each(|id| Tree::new(&root, &arena).insert(id));
    let watched = Watched { arena: &arena, looks: Cell::new(0) };
    let tree = Tree::new(&root, &watched);
    for first in (0..u64::from(MANY)).step_by(97) {
        watched.looks.set(0);
        let hits =
            successors(tree.first_overlap(first, first), |id| tree.next_overlap(*id, first, first));
        assert_eq!(hits.count(), 1);
        let looks = watched.looks.get();
        assert!(looks < 4 * 4 * 14, "{looks} looks for one overlap");
    }
}
