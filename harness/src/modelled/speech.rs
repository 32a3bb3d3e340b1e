//! What the guest's thread says. Its link is found by thread, as a booted guest's is found by
//! address, so that a panic can say its last words wherever it happens.

use std::cell::{Cell, RefCell};

use runner::Sink;
use wire::guest::{GuestLink, LogFull};
use wire::{Crash, Record};

use super::line::Line;

pub(super) type Link = GuestLink<'static, Line>;

thread_local! {
    static LINK: RefCell<Option<Link>> = const { RefCell::new(None) };
    static CURRENT_CELL: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Makes `link` the one of this thread.
pub(super) fn open(link: Link) {
    LINK.set(Some(link));
}

/// Ends the stream and hangs up.
pub(super) fn close() {
    if let Some(mut link) = LINK.take() {
        // Nobody is left to be told how that ended.
        let _ = link.finish();
    }
}

/// Says that this thread panicked, as the last thing. False if it cannot: it is no guest, or it
/// panicked in the link itself.
pub(super) fn say_last(what: &str) -> bool {
    let taken = LINK.try_with(|link| link.try_borrow_mut().ok()?.take());
    let Some(mut link) = taken.ok().flatten() else { return false };
    let crash = Crash {
        what,
        vector: None,
        error_code: 0,
        fault_address: 0,
        cpu: 0,
        cell: CURRENT_CELL.get(),
        doing: "",
        registers: [0; 18],
        backtrace: heapless::Vec::new(),
    };
    let _ = link.record(&Record::Crash(crash));
    let _ = link.finish();
    true
}

/// The link as the runner sees it.
#[derive(Debug)]
pub(super) struct Speech;

impl Speech {
    fn with<R>(use_it: impl FnOnce(&mut Link) -> R) -> R {
        LINK.with_borrow_mut(|link| use_it(link.as_mut().expect("a guest has opened its link")))
    }
}

impl Sink for Speech {
    type Error = LogFull;

    fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        Self::with(|link| link.record(record))
    }

    fn pause(&mut self) {
        Self::with(GuestLink::flush);
    }

    fn cell_begins(&mut self, cell: u32) {
        self.pause();
        CURRENT_CELL.set(Some(cell));
    }

    fn cell_ended(&mut self) {
        CURRENT_CELL.set(None);
        self.pause();
    }
}
