//! One file per scheme.

mod anon_vma_chain;
mod hint_any;
mod hint_exclusive;
mod pte_next;
mod pte_next_double;
mod pte_next_link4;
mod reverse_table;
mod scan;
mod shm_attach;
mod vma_offset;

pub use anon_vma_chain::AnonVmaChain;
pub use hint_any::HintAny;
pub use hint_exclusive::HintExclusive;
pub use pte_next::PteNext;
pub use pte_next_double::PteNextDouble;
pub use pte_next_link4::{PteNextDoubleLink4, PteNextLink4};
pub use scan::Scan;
pub use shm_attach::ShmAttach;
pub use vma_offset::VmaOffset;
