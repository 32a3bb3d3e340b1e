//! One file per scheme.

mod anon_vma_chain;
mod hint_exclusive;
mod pte_next;
mod scan;

pub use anon_vma_chain::AnonVmaChain;
pub use hint_exclusive::HintExclusive;
pub use pte_next::PteNext;
pub use scan::Scan;
