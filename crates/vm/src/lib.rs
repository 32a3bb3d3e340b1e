//! Frames, page tables, address spaces, faults and fork, generic over the scheme and the machine.
#![cfg_attr(not(test), no_std)]

mod machine;
mod memory;

pub use machine::{
    Access, AccessError, CpuId, FaultHandler, FaultRefused, Flushed, Machine, PageFault,
    PhysicalAddress, Ticks, VirtualAddress,
};
pub use memory::{Arena, FRAME_BYTES, FrameWords};
