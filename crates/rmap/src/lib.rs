//! Reverse mapping: from a frame to every PTE that maps it.
//!
//! [`Scheme`] is the one trait; `schemes/` has one file for each; [`Store`] is what the VM gives them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod ids;
mod registry;
mod scheme;
mod schemes;
mod store;

pub use ids::{Frame, Mapping, PageIndex, PtePosition, SLOTS_PER_TABLE, SpaceId, SwapSlot, VmaId};
pub use registry::{SchemeId, SchemeVisitor, UnknownScheme};
pub use scheme::{
    Coverage, Covers, FrameFacts, MemoryFacts, ReclaimBy, Scheme, Search, Sharing, Violation, Visit,
};
pub use schemes::{HintExclusive, PteNext, Scan};
pub use store::{OutOfMemory, Overlay, Store, TableLevel, TableOwner, Words};
