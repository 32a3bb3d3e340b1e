//! `pte-next-double`: `pte-next` with the way back.
//!
//! Who used it: nobody shipped it. Ingo Molnar's companion page of April 2003 held "next+prev".
//!
//! ```text
//!   frame.head ─▶ slot 7 of table A    leaf table A   next of A              previous of A
//!                                       7: PTE         7: ─▶ 2 of table C     7: 0 (first)
//!
//!   table word of A: next | previous   leaf table C   next of C              previous of C
//!                                       2: PTE         2: 0 (last)            2: ─▶ 7 of table A
//! ```
//!
//! Cost: map and fork push one link, 3 stores under the frame's lock, one of them beside the sharer
//! that came before; unmap and exit cut it out, O(1) however many share; find: m probes for m
//! mappings. No allocation but with a new table.
//! Bytes: 8 per frame, and two 4 KiB companions per leaf table however few of its slots are in use.
//! Known failure: the page tables treble, a process that maps one page of each table pays for 512.
//! Source: the mail; Molnar, Message-ID Pine.LNX.4.44.0304220618190.24063-100000.

use core::sync::atomic::AtomicU64;

use super::reverse_table::{ReverseTable, Variant};
use crate::SchemeId;

/// See the module's text.
pub type PteNextDouble = ReverseTable<Double>;

/// Links of 8 bytes that lead on and back.
#[derive(Debug, Default)]
pub struct Double;

impl Variant for Double {
    const ID: SchemeId = SchemeId::PteNextDouble;
    type Link = AtomicU64;
    const DOUBLE: bool = true;
}
