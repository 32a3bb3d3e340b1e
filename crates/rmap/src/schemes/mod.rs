//! One file per scheme.

mod hint_exclusive;
mod pte_next;
mod scan;

pub use hint_exclusive::HintExclusive;
pub use pte_next::PteNext;
pub use scan::Scan;
