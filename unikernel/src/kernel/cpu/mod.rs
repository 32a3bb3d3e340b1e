//! One CPU: its control registers, segments, interrupt vectors and stacks.

pub mod backtrace;
pub mod control;
pub mod counters;
pub mod features;
pub mod interrupts;
pub mod msr;
pub mod segments;
pub mod stacks;
