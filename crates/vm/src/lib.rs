//! Frames, page tables, address spaces, faults and fork, generic over the scheme and the machine.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod areas;
mod buddy;
mod check;
mod counters;
mod fault;
mod floor;
mod footprint;
mod fork;
mod frame_table;
mod gather;
mod given_frame;
mod huge;
mod lock;
mod machine;
mod machine_counters;
#[expect(unsafe_code, reason = "the one module that turns arena memory into references")]
mod memory;
mod object;
mod outcome;
mod page_table;
mod pte;
mod reclaim;
mod request;
mod slab;
mod space;
#[cfg(test)]
mod still;
mod store;
mod survey;
mod swap;
mod vm;
mod vma;

pub use check::Inconsistency;
pub use counters::{Counter, Counters, Gauge};
pub use fault::{FaultKind, Touched};
pub use floor::PteCopyFloor;
pub use footprint::{Footprint, MemoryInUse};
pub use fork::Forked;
pub use frame_table::HUGE_ORDER;
pub use given_frame::Migration;
pub use machine::{
    Access, AccessError, CpuId, FaultHandler, FaultRefused, Flushed, Machine, PageFault,
    PhysicalAddress, TaggedFlush, Ticks, VirtualAddress,
};
pub use machine_counters::{CounterReading, MachineCounter, MachineCounters};
#[cfg(feature = "alloc")]
pub use memory::OwnedArena;
pub use memory::{Arena, FRAME_BYTES, FrameWords};
pub use outcome::{Compacted, Found, Operated, Refused, WhenIncomplete};
pub use pte::{Entry, Pte, PteSlot};
pub use request::{
    ANYWHERE_FROM, BRK_START, Backing, Growth, Locking, MapError, MapRequest, ObjectId, ObjectKind,
    PageSize, Placement, Protection, Remap, STACK_WINDOW,
};
pub use space::PageRange;
pub use survey::Survey;
pub use vm::{Vm, VmConfig};
