//! Reverse mapping: from a frame to every PTE that maps it.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod ids;

pub use ids::{Frame, Mapping, PageIndex, PtePosition, SLOTS_PER_TABLE, SpaceId, VmaId};
