//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Installs the handler; once per process.
pub fn install() {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            process::exit(Exit::Incomplete as i32);
        }
    };
    ctrlc::set_handler(handler).expect("no other handler is installed");
}

/// Whether an orderly end was asked for.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
