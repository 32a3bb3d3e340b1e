//! Reverse mapping: from a frame to every PTE that maps it.
//!
//! [`Scheme`] is the one trait; `schemes/` has one file for each; [`Store`] is what the VM gives them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod ids;
mod pool;
mod registry;
mod scheme;
mod schemes;
mod store;
pub mod tree;

pub use ids::{
    Frame, Mapping, ObjectId, PageIndex, PtePosition, SLOTS_PER_TABLE, SpaceId, SwapSlot, VmaId,
};
pub use pool::{Handle, Pool, PoolHead};
pub use registry::{SchemeId, SchemeVisitor, UnknownScheme};
pub use scheme::{
    Coverage, Covers, FrameFacts, MemoryFacts, Merges, PageKind, Prepared, ReclaimBy, Scheme,
    Search, Sharing, Violation, Visit,
};
pub use schemes::{
    AnonVmaChain, HintAny, HintExclusive, PteNext, PteNextDouble, PteNextDoubleLink4, PteNextLink4,
    Scan, ShmAttach, VmaOffset,
};
pub use store::{OutOfMemory, Overlay, Store, TableLevel, TableOwner, VmaSpan, Words};
