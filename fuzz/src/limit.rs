//! How much the program may hold.

use std::alloc::System;
use std::panic;
use std::sync::Once;

use cap::Cap;

use crate::Target;

/// The most bytes that the program may hold at once; libFuzzer itself allocates elsewhere. An allocation
/// beyond it fails, which ends the program.
pub const MEMORY_LIMIT: usize = 64 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Calls `target` with `input`, within the limit.
pub fn run(target: Target, input: &[u8]) -> usize {
    static IMPOSED: Once = Once::new();
    IMPOSED.call_once(impose);
    target(input)
}

/// A panic lifts the limit, as its backtrace reads more than that of debugging information.
fn impose() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        ALLOCATOR.set_limit(usize::MAX).expect("nothing is beyond it");
        hook(panicked);
    }));
    ALLOCATOR.set_limit(MEMORY_LIMIT).expect("little is held at the start");
}
