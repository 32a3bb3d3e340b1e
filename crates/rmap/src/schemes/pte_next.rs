//! `pte-next`: a reverse page table of the same size as the forward one.
//!
//! Who used it: nobody shipped it. Torvalds sketched it in January 1998 ("making the pte larger");
//! Ingo Molnar proposed it as a companion page per page-table page in April 2003.
//!
//! ```text
//!   frame.head ─▶ slot 7 of table A          leaf table A   companion of A
//!                                             7: PTE ──┐     7: ─▶ slot 2 of table C
//!   space and address: from table A's own     …        │
//!   frame (owner, base page)                  frame ◀──┘    companion of C
//!                                                            2: 0 (end)
//! ```
//!
//! Cost: map and fork push one link, 2 stores under the frame's lock; unmap and exit search the
//! frame's list, O(m) for m mappings; find: m probes. No allocation but with a new table.
//! Bytes: 8 per frame, and a 4 KiB companion per leaf table however few of its slots are in use.
//! Known failure: doubles sparse page tables; exit of one among thousands of sharers is O(m) a page.
//! Source: the mail; Molnar, Message-ID Pine.LNX.4.44.0304220618190.24063-100000.

use core::sync::atomic::AtomicU64;

use super::reverse_table::{ReverseTable, Variant};
use crate::SchemeId;

/// See the module's text.
pub type PteNext = ReverseTable<Next>;

/// Links of 8 bytes that lead on.
#[derive(Debug, Default)]
pub struct Next;

impl Variant for Next {
    const ID: SchemeId = SchemeId::PteNext;
    type Link = AtomicU64;
    const DOUBLE: bool = false;
}
