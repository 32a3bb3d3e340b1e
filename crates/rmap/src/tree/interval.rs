//! Ordered by where a range starts, and each node knowing the last end below it, the tree finds the
//! ranges that overlap another in O(log n + hits), as Linux' `lib/interval_tree.c` does.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use super::{Nodes, Tree, some};

/// Nodes that are ranges, in the order of their starts.
pub trait Intervals: Nodes {
    /// First and last number of a node's range.
    fn range(&self, id: u32) -> (u64, u64);

    /// The largest last number of the node and all below it.
    fn subtree_last(&self, id: u32) -> &AtomicU64;

    /// What [`Nodes::refresh`] has to do.
    fn refresh_subtree_last(&self, id: u32) {
        let links = self.links(id);
        let below = [some(&links.left), some(&links.right)].into_iter().flatten();
        let last = below
            .map(|child| self.subtree_last(child).load(Relaxed))
            .fold(self.range(id).1, u64::max);
        self.subtree_last(id).store(last, Relaxed);
    }
}

impl<N: Intervals> Tree<'_, N> {
    /// The first node whose range has a number from `first` to `last`.
    pub fn first_overlap(&self, first: u64, last: u64) -> Option<u32> {
        let root = some(self.root).filter(|root| self.reaches(*root, first))?;
        self.leftmost_overlap(root, first, last)
    }

    /// The next such node after `id`.
    pub fn next_overlap(&self, id: u32, first: u64, last: u64) -> Option<u32> {
        let right = some(&self.nodes.links(id).right).filter(|right| self.reaches(*right, first));
        if let Some(right) = right {
            return self.leftmost_overlap(right, first, last);
        }
        let mut child = id;
        loop {
            let parent = some(&self.nodes.links(child).parent)?;
            let came_from_left = self.nodes.links(parent).left.load(Relaxed) == child;
            child = parent;
            if !came_from_left {
                continue;
            }
            let (start, end) = self.nodes.range(parent);
            if start > last {
                return None;
            }
            if end >= first {
                return Some(parent);
            }
            let right = some(&self.nodes.links(parent).right);
            if let Some(right) = right.filter(|right| self.reaches(*right, first)) {
                return self.leftmost_overlap(right, first, last);
            }
        }
    }

    /// Whether a range at or below `id` ends at `first` or later.
    fn reaches(&self, id: u32, first: u64) -> bool {
        self.nodes.subtree_last(id).load(Relaxed) >= first
    }

    /// The first overlap at or below `id`, which reaches `first`.
    fn leftmost_overlap(&self, id: u32, first: u64, last: u64) -> Option<u32> {
        let mut id = id;
        loop {
            let links = self.nodes.links(id);
            if let Some(left) = some(&links.left).filter(|left| self.reaches(*left, first)) {
                // If what reaches `first` there starts after `last`, so does all that follows.
                id = left;
                continue;
            }
            let (start, end) = self.nodes.range(id);
            if start > last {
                return None;
            }
            if end >= first {
                return Some(id);
            }
            id = some(&links.right).filter(|right| self.reaches(*right, first))?;
        }
    }
}
