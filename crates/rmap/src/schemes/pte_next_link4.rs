//! `pte-next:link=4` and `pte-next-double:link=4`: reverse page tables half the size of the forward one,
//! and of its size.
//!
//! Who used it: nobody. On the 32-bit machines of the mail a link had 4 bytes by itself, as a PTE had;
//! the question is what is left of "doubling them" where 8 bytes are not needed.
//!
//! ```text
//!   frame.head, and each link:  │ 23 bits: the table's frame │ 9 bits: slot │   0: none
//!
//!   leaf table A, 4 KiB         companion of A, 2 KiB ┐ one frame, cut
//!    7: PTE                      7: ─▶ 2 of table C   │ in two
//!   leaf table C, 4 KiB         companion of C, 2 KiB ┘
//! ```
//!
//! Cost: as `pte-next` and `pte-next-double`, and a slab's share of making and freeing tables.
//! Bytes: 8 per frame as well, since its structure is padded; and 2 KiB per leaf table, or 4 KiB with the
//! way back.
//! Known failure: names no PTE past 32 GiB of memory (2^23 frames), so larger machines are refused.
//! Source: the mail's "same size as the forward page table", taken at its word on 64 bits.

use core::sync::atomic::AtomicU32;

use super::reverse_table::{ReverseTable, Variant};
use crate::SchemeId;

/// See the module's text.
pub type PteNextLink4 = ReverseTable<Next>;

/// See the module's text.
pub type PteNextDoubleLink4 = ReverseTable<Double>;

/// Links of 4 bytes that lead on.
#[derive(Debug, Default)]
pub struct Next;

impl Variant for Next {
    const ID: SchemeId = SchemeId::PteNextLink4;
    type Link = AtomicU32;
    const DOUBLE: bool = false;
}

/// Links of 4 bytes that lead on and back.
#[derive(Debug, Default)]
pub struct Double;

impl Variant for Double {
    const ID: SchemeId = SchemeId::PteNextDoubleLink4;
    type Link = AtomicU32;
    const DOUBLE: bool = true;
}
