//! A panic in the guest's thread is a crash of the guest and not of the tool.

use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread;

use super::speech::say_last;

/// The longest message: what goes with it in a record has its place in the guest's log.
const MESSAGE: usize = 256;

/// Has panics of guests reported as crashes; others go where they went before.
pub(super) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !say_last(&message(panic)) {
                return others(panic);
            }
            // Where a panic aborts, returning would end the process, which has a result to save.
            while cfg!(panic = "abort") {
                thread::park();
            }
        }));
    });
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    let mut message = panic.to_string().replace('\n', " ");
    let end = (0..=MESSAGE.min(message.len())).rev().find(|&end| message.is_char_boundary(end));
    message.truncate(end.unwrap_or(0));
    message
}
