//! All processes and their pages.
#![expect(clippy::large_stack_arrays, reason = "constants, copied to where the caller keeps them")]

use rmap::PageIndex;
use vm::PageRange;

use super::page::Page;
use super::refusals::Impossible;
use crate::Process;
use crate::verify::windows::{WINDOW_PAGES, slot_of, slots_in};

/// Processes are numbered below this.
pub const MOST_PROCESSES: usize = 10;

/// One process.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) alive: bool,
    /// Size of its `brk` heap.
    pub(super) heap: u16,
    pub(super) pages: [Option<Page>; WINDOW_PAGES],
}

impl Entry {
    const EMPTY: Self = Self { alive: false, heap: 0, pages: [None; WINDOW_PAGES] };

    pub(super) fn at(&self, page: PageIndex) -> Option<&Page> {
        slot_of(page).and_then(|slot| self.pages[slot].as_ref())
    }

    /// Whether nothing of `range` is mapped.
    pub(super) fn is_free(&self, range: PageRange) -> bool {
        slots_in(range).all(|slot| self.pages[slot].is_none())
    }

    /// Whether all of `range` is mapped.
    pub(super) fn is_mapped(&self, range: PageRange) -> bool {
        let mapped = slots_in(range).filter(|slot| self.pages[*slot].is_some()).count();
        mapped as u64 == range.pages
    }

    /// Changes each mapped page of `range`.
    pub(super) fn for_each(&mut self, range: PageRange, mut change: impl FnMut(&mut Page)) {
        for slot in slots_in(range) {
            self.pages[slot].iter_mut().for_each(&mut change);
        }
    }

    pub(super) fn clear(&mut self, range: PageRange) {
        slots_in(range).for_each(|slot| self.pages[slot] = None);
    }

    fn drop_everything(&mut self) {
        self.pages.fill(None);
        self.heap = 0;
    }
}

#[derive(Clone, Debug)]
pub(super) struct Processes {
    entries: [Entry; MOST_PROCESSES],
}

impl Processes {
    pub(super) const fn new() -> Self {
        Self { entries: [Entry::EMPTY; MOST_PROCESSES] }
    }

    pub(super) fn reset(&mut self) {
        for entry in &mut self.entries {
            entry.drop_everything();
            entry.alive = false;
        }
    }

    /// A process that exists.
    pub(super) fn living(&self, process: Process) -> Result<&Entry, Impossible> {
        self.entries
            .get(usize::from(process.0))
            .filter(|entry| entry.alive)
            .ok_or(Impossible::NoSuchProcess(process))
    }

    /// As [`Self::living`], to be changed.
    pub(super) fn living_mut(&mut self, process: Process) -> Option<&mut Entry> {
        self.entries.get_mut(usize::from(process.0)).filter(|entry| entry.alive)
    }

    /// Whether `process` can come to be.
    pub(super) fn vacant(&self, process: Process) -> Result<(), Impossible> {
        match self.entries.get(usize::from(process.0)) {
            Some(entry) if !entry.alive => Ok(()),
            Some(_) => Err(Impossible::ProcessExists(process)),
            None => Err(Impossible::NumberTooLarge(process.0)),
        }
    }

    pub(super) fn entry_mut(&mut self, process: Process) -> &mut Entry {
        &mut self.entries[usize::from(process.0)]
    }

    /// Copies the pages of `parent` to `child`, which has none.
    pub(super) fn copy(&mut self, parent: Process, child: Process) {
        let (parent, child) = (usize::from(parent.0), usize::from(child.0));
        if let Ok([from, to]) = self.entries.get_disjoint_mut([parent, child]) {
            to.pages.copy_from_slice(&from.pages);
            to.heap = from.heap;
        }
    }

    pub(super) fn exec(&mut self, process: Process) {
        self.entry_mut(process).drop_everything();
    }

    pub(super) fn exit(&mut self, process: Process) {
        self.exec(process);
        self.entry_mut(process).alive = false;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Process, &Entry)> {
        let numbered = (0..).map(Process).zip(&self.entries);
        numbered.filter(|(_, entry)| entry.alive)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Process, &mut Entry)> {
        let numbered = (0..).map(Process).zip(&mut self.entries);
        numbered.filter(|(_, entry)| entry.alive)
    }

    /// Every mapped page.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.iter().flat_map(|(_, entry)| entry.pages.iter().flatten())
    }

    /// Every mapped page, to be changed.
    pub(super) fn pages_mut(&mut self) -> impl Iterator<Item = &mut Page> {
        let living = self.entries.iter_mut().filter(|entry| entry.alive);
        living.flat_map(|entry| entry.pages.iter_mut().flatten())
    }
}
