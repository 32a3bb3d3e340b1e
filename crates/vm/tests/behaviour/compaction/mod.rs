//! Compaction: a block comes free by moving the pages in it elsewhere.

mod any_order;
mod block_of_2_mib;
