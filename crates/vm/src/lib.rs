//! Frames, page tables, address spaces, faults and fork, generic over the scheme and the machine.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod buddy;
mod check;
mod counters;
mod fault;
mod find;
mod floor;
mod footprint;
mod fork;
mod frame_table;
mod lock;
mod machine;
#[expect(unsafe_code, reason = "the one module that turns arena memory into references")]
mod memory;
mod page_table;
mod pte;
mod slab;
mod space;
mod store;
mod vm;

pub use check::Inconsistency;
pub use counters::{Counter, Counters, Gauge};
pub use fault::{FaultKind, Touched};
pub use find::{Found, UnmapOutcome, Unmapped, WhenIncomplete};
pub use floor::PteCopyFloor;
pub use footprint::Footprint;
pub use fork::Forked;
pub use machine::{
    Access, AccessError, CpuId, FaultHandler, FaultRefused, Flushed, Machine, PageFault,
    PhysicalAddress, Ticks, VirtualAddress,
};
#[cfg(feature = "alloc")]
pub use memory::OwnedArena;
pub use memory::{Arena, FRAME_BYTES, FrameWords};
pub use pte::{Pte, PteSlot};
pub use space::PageRange;
pub use vm::{MapError, Vm};
