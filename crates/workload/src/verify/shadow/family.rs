//! Processes that come and go.

use super::page::{Lock, Page, Seam};
use super::processes::Processes;
use crate::Process;

impl Processes {
    pub(super) fn spawn(&mut self, process: Process) {
        self.entry_mut(process).alive = true;
    }

    /// Everything is inherited, poison and open migrations too, except that nothing is locked.
    pub(super) fn fork(&mut self, parent: Process, child: Process) {
        self.copy(parent, child);
        let entry = self.entry_mut(child);
        entry.alive = true;
        let mut below: Option<Page> = None;
        for page in &mut entry.pages {
            let before = *page;
            if let Some(page) = page {
                let lock_differs =
                    below.is_some_and(|below| below.attributes.lock != page.attributes.lock);
                if lock_differs {
                    page.seam = Seam::Possible;
                }
                page.attributes.lock = Lock::No;
                // Pages of shared memory are not forked: the child finds them by their object.
                if !page.attributes.source.copies() {
                    page.migrating = None;
                }
            }
            below = before;
        }
    }
}
