//! One stack for ordinary code, and one for each exception that may find the current stack broken.
//! Below each lies a page that is never mapped, so that an overflow faults instead of destroying.

use unikernel::memory_map::{PAGE_BYTES, Range};

/// Bytes from one stack to the next, the guard page included. A plan takes 14 KiB and what it means as
/// many, and both are moved from hand to hand.
pub const STACK_STRIDE: u64 = 256 * 1024;

/// How many stacks `entry.S` reserves.
pub const STACK_COUNT: u64 = 4;

/// What a stack is for. `entry.S` starts on the first, number 0, for ordinary code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Double faults.
    DoubleFault = 1,
    /// Non-maskable interrupts.
    NonMaskable = 2,
    /// Machine checks.
    MachineCheck = 3,
}

unsafe extern "C" {
    static stacks: u8;
}

fn start() -> u64 {
    (&raw const stacks).addr() as u64
}

impl Stack {
    /// The addresses that may be used.
    pub fn range(self) -> Range {
        stack(self as u64)
    }
}

fn stack(index: u64) -> Range {
    let guard = start() + index * STACK_STRIDE;
    Range::new(guard + PAGE_BYTES, guard + STACK_STRIDE)
}

/// The stack that holds `address`.
pub fn containing(address: u64) -> Option<Range> {
    (0..STACK_COUNT).map(stack).find(|range| range.start <= address && address < range.end)
}

/// Whether `address` lies in a guard page.
pub fn is_guard(address: u64) -> bool {
    let offset = address.wrapping_sub(start());
    offset < STACK_COUNT * STACK_STRIDE && offset % STACK_STRIDE < PAGE_BYTES
}

/// The parts of `data`, which ends with the stacks, that are to be mapped.
pub fn without_guards(data: Range) -> impl Iterator<Item = Range> {
    let before = Range::new(data.start, start());
    core::iter::once(before).chain((0..STACK_COUNT).map(stack))
}
