//! An ordered tree whose links lie in the arena: VMAs by address, VMAs by an object's offset, and
//! whatever a scheme keeps in order.
//!
//! A treap: ordered by key from left to right, and by a fixed mix of the ids from top to bottom. The
//! mix makes the shape depend on nothing but the set of nodes, its expected height logarithmic, and
//! no balance has to be stored.

mod interval;
#[cfg(test)]
mod tests;

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

pub use interval::Intervals;

/// A node's links, 0 for none. All zeroes is a node of no tree.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Links {
    left: AtomicU32,
    right: AtomicU32,
    parent: AtomicU32,
}

/// Which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl Links {
    #[inline]
    fn child(&self, side: Side) -> &AtomicU32 {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    fn are_clear(&self) -> bool {
        [&self.left, &self.right, &self.parent].iter().all(|link| link.load(Relaxed) == 0)
    }
}

/// How nodes are found by their ids, which are never 0.
pub trait Nodes {
    /// The links of a node.
    fn links(&self, id: u32) -> &Links;

    /// Whether `a` comes before `b`.
    fn precedes(&self, a: u32, b: u32) -> bool;

    /// Brings whatever a node knows of all below it up to date, from its children's.
    fn refresh(&self, _id: u32) {}
}

/// A tree of nodes. Its owner's lock guards the root and all links, so no access to them orders
/// anything.
#[derive(Debug)]
pub struct Tree<'a, N> {
    root: &'a AtomicU32,
    nodes: &'a N,
}

/// The higher one is the parent. Each step can be undone, so no two ids have the same.
#[inline]
const fn priority(id: u32) -> u32 {
    let mixed = (id ^ (id >> 16)).wrapping_mul(0x45d9_f3b5);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed ^ (mixed >> 13)
}

#[inline]
fn some(link: &AtomicU32) -> Option<u32> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(id),
    }
}

impl<'a, N: Nodes> Tree<'a, N> {
    /// The tree that hangs on `root`, 0 for an empty one.
    #[inline]
    pub fn new(root: &'a AtomicU32, nodes: &'a N) -> Self {
        Self { root, nodes }
    }

    /// Puts a node of no tree in.
    pub fn insert(&self, id: u32) {
        debug_assert!(id != 0, "0 names no node");
        debug_assert!(self.nodes.links(id).are_clear(), "{id} is in a tree");
        let mut parent = 0;
        let mut link = self.root;
        while let Some(next) = some(link) {
            parent = next;
            let side = if self.nodes.precedes(id, next) { Side::Left } else { Side::Right };
            link = self.nodes.links(next).child(side);
        }
        self.attach(id, link, parent);
        self.refreshed(id);
        while let Some(parent) = some(&self.nodes.links(id).parent) {
            if priority(parent) >= priority(id) {
                break;
            }
            self.rotate_up(id, parent);
        }
    }

    /// Takes a node out; its links become zeroes. Its order must still be the one it was put in by.
    pub fn remove(&self, id: u32) {
        let links = self.nodes.links(id);
        let parent = links.parent.swap(0, Relaxed);
        let link = self.link_from(parent, id);
        debug_assert_eq!(link.load(Relaxed), id, "in another tree, or in none");
        let (left, right) = (links.left.swap(0, Relaxed), links.right.swap(0, Relaxed));
        let lowest = self.join(left, right, link, parent);
        if lowest != 0 {
            self.refreshed(lowest);
        }
    }

    /// Brings a node and all above it up to date, after a change of the node that leaves it between
    /// the same neighbours.
    pub fn refreshed(&self, id: u32) {
        let mut next = Some(id);
        while let Some(id) = next {
            self.nodes.refresh(id);
            next = some(&self.nodes.links(id).parent);
        }
    }

    /// The first node in order.
    pub fn first(&self) -> Option<u32> {
        self.outermost(self.root, Side::Left)
    }

    /// The last node in order.
    pub fn last(&self) -> Option<u32> {
        self.outermost(self.root, Side::Right)
    }

    /// The node after `id`.
    pub fn next(&self, id: u32) -> Option<u32> {
        self.neighbour(id, Side::Right)
    }

    /// The node before `id`.
    pub fn previous(&self, id: u32) -> Option<u32> {
        self.neighbour(id, Side::Left)
    }

    /// The first node of which `holds`, which holds of every later one too.
    #[inline]
    pub fn first_where(&self, holds: impl Fn(u32) -> bool) -> Option<u32> {
        let mut found = None;
        let mut next = some(self.root);
        while let Some(id) = next {
            let links = self.nodes.links(id);
            next = if holds(id) {
                found = Some(id);
                some(&links.left)
            } else {
                some(&links.right)
            };
        }
        found
    }

    fn outermost(&self, from: &AtomicU32, side: Side) -> Option<u32> {
        let mut found = some(from)?;
        while let Some(further) = some(self.nodes.links(found).child(side)) {
            found = further;
        }
        Some(found)
    }

    fn neighbour(&self, id: u32, side: Side) -> Option<u32> {
        let below = self.nodes.links(id).child(side);
        if below.load(Relaxed) != 0 {
            return self.outermost(below, side.other());
        }
        let mut child = id;
        loop {
            let parent = some(&self.nodes.links(child).parent)?;
            if self.nodes.links(parent).child(side).load(Relaxed) != child {
                return Some(parent);
            }
            child = parent;
        }
    }

    /// The link that leads from `parent`, or from the tree's owner, to `child`.
    fn link_from(&self, parent: u32, child: u32) -> &AtomicU32 {
        if parent == 0 {
            return self.root;
        }
        let links = self.nodes.links(parent);
        if links.left.load(Relaxed) == child { &links.left } else { &links.right }
    }

    /// Hangs all of `left` and all of `right`, which comes after it, on `link`, a link of `parent`.
    /// Returns the lowest node whose children have changed.
    fn join<'t>(&'t self, left: u32, right: u32, link: &'t AtomicU32, parent: u32) -> u32 {
        let (mut left, mut right, mut link, mut parent) = (left, right, link, parent);
        while left != 0 && right != 0 {
            let (top, inner) = if priority(left) > priority(right) {
                (left, Side::Right)
            } else {
                (right, Side::Left)
            };
            self.attach(top, link, parent);
            parent = top;
            link = self.nodes.links(top).child(inner);
            match inner {
                Side::Right => left = link.load(Relaxed),
                Side::Left => right = link.load(Relaxed),
            }
        }
        // At least one of them is 0.
        self.attach(left | right, link, parent);
        parent
    }

    /// Makes `child`, perhaps 0, the end of `link`, a link of `parent`.
    fn attach(&self, child: u32, link: &AtomicU32, parent: u32) {
        link.store(child, Relaxed);
        if child != 0 {
            self.nodes.links(child).parent.store(parent, Relaxed);
        }
    }

    /// Makes `child` the parent of its `parent`.
    fn rotate_up(&self, child: u32, parent: u32) {
        let (up, down) = (self.nodes.links(child), self.nodes.links(parent));
        let side = if down.left.load(Relaxed) == child { Side::Left } else { Side::Right };
        let inner = up.child(side.other());
        let above = down.parent.load(Relaxed);
        self.attach(child, self.link_from(above, parent), above);
        self.attach(inner.load(Relaxed), down.child(side), parent);
        self.attach(parent, inner, child);
        self.nodes.refresh(parent);
        self.nodes.refresh(child);
    }
}
