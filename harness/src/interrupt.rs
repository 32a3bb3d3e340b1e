//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigSet, Signal};

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
    // A blocked signal stays blocked across `exec`: some CI runners and supervisors start us so, and
    // Ctrl-C would then never arrive.
    let ours: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    ours.thread_unblock().expect("these signals exist");
}

/// Whether an orderly end was asked for.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
