//! Operations on a frame: who uses it is told by the caller, from the tables, before the operation.

use core::num::NonZeroU8;

use rmap::PageIndex;
use vm::PageSize;

use super::Shadow;
use super::contents::{Contents, Health};
use super::page::{Lock, Migrating, Page, PageKey};
use super::processes::Entry;
use super::refusals::Impossible;
use crate::Process;
use crate::verify::windows::{page_of, slot_of};

/// Migrations that may be open at once.
pub const MOST_MIGRATIONS: usize = 4;

/// Small pages of a 2 MiB page.
const HUGE: u32 = 512;

/// An open migration: what its users have in common.
#[derive(Clone, Copy, Debug)]
struct Open {
    key: PageKey,
    span: u32,
}

/// Open migrations, by number.
#[derive(Clone, Debug)]
pub(super) struct Migrations([Option<Open>; MOST_MIGRATIONS]);

impl Migrations {
    pub(super) const fn new() -> Self {
        Self([None; MOST_MIGRATIONS])
    }

    /// Whether a page without an own migration entry may be part of an open migration: through its
    /// object, or because its swap entry names a frame that was brought back by a relative.
    pub(super) fn may_concern(&self, page: &Page) -> bool {
        let key = page.key();
        self.0.iter().flatten().any(|open| {
            open.key.object == key.object && open.key.offset.abs_diff(key.offset) < open.span
        })
    }
}

/// Who maps a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Users {
    /// PTEs; one for a 2 MiB page.
    pub ptes: u32,
    /// Whether an area among them is locked.
    pub lock: Lock,
    /// The size of the page.
    pub page_size: PageSize,
    /// Whether it is being migrated.
    pub migrating: bool,
}

/// How many users heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Every one.
    All,
    /// Those that the scheme named, whoever they are.
    Some,
}

impl Shadow {
    /// Marks all pages that map the frame behind `page` of `process`, as `maps` tells from the tables.
    /// Only pages with the same origin are asked for: no others can share a frame.
    pub fn mark_users(
        &mut self,
        process: Process,
        page: PageIndex,
        mut maps: impl FnMut(Process, PageIndex) -> bool,
    ) -> Users {
        let mut users =
            Users { ptes: 0, lock: Lock::No, page_size: PageSize::Small, migrating: false };
        let Ok(key) = self.page(process, page).map(Page::key) else {
            return users;
        };
        // Small neighbours never share a frame.
        if self.is_huge(process, page) && maps(process, PageIndex(page.0 ^ 1)) {
            users.page_size = PageSize::Huge;
        }
        let huge = users.page_size == PageSize::Huge;
        let span = if huge { HUGE } else { 1 };
        self.each_relative(key, span, |process, at, page| {
            page.user = maps(process, at);
            if page.user {
                users.ptes += u32::from(!huge || at.0.is_multiple_of(u64::from(HUGE)));
                users.lock = users.lock.max(page.attributes.lock);
                users.migrating |= page.migrating.is_some();
            }
        });
        users
    }

    /// Whether every page that [`Self::mark_users`] marked fulfils `condition`.
    pub fn all_users(&self, mut condition: impl FnMut(Process, PageIndex) -> bool) -> bool {
        self.processes.iter().all(|(process, entry)| {
            mapped(entry).filter(|(_, page)| page.user).all(|(at, _)| condition(process, at))
        })
    }

    /// The marked frame's memory broke. `present` tells of a page whether a frame is still behind it.
    ///
    /// Who holds a swap entry to the same page is told too. Where the shadow cannot know whether an
    /// absent relative's page is the same one, that page is in doubt. Of a 2 MiB page, the VM may keep
    /// the sound rest.
    pub fn poison(
        &mut self,
        process: Process,
        page: PageIndex,
        told: Told,
        mut present: impl FnMut(Process, PageIndex) -> bool,
    ) {
        let Ok(&broken) = self.page(process, page) else {
            return;
        };
        let verdict = if told == Told::All { Health::Poisoned } else { Health::Doubtful };
        self.poison_object(&broken, verdict);
        let huge = self.is_huge(process, page);
        self.each_relative(broken.key(), if huge { HUGE } else { 1 }, |process, at, page| {
            let head = at.0.is_multiple_of(u64::from(HUGE));
            let spared = huge && !head && present(process, at);
            if page.user && page.contents != Contents::Follows && !spared {
                page.health = verdict;
            }
            let alike = page.contents == broken.contents && page.tag == broken.tag;
            if page.user || !alike || page.health == Health::Poisoned || present(process, at) {
                return;
            }
            let certain = told == Told::All && !huge && page.is_twin_of(&broken);
            page.health = if certain { Health::Poisoned } else { Health::Doubtful };
        });
    }

    fn poison_object(&mut self, broken: &Page, verdict: Health) {
        let verdict = match broken.contents {
            Contents::Own => return,
            Contents::Follows => verdict,
            Contents::Either => Health::Doubtful,
        };
        let PageKey { object, offset } = broken.key();
        let behind = object.and_then(|object| self.objects.page_mut(object, offset));
        if let Some(behind) = behind.filter(|behind| behind.health != Health::Poisoned) {
            behind.health = verdict;
        }
    }

    /// The marked frame's PTEs became migration entries: migration `number` is open.
    ///
    /// `waits` tells of a page whether its entry is one: a 2 MiB page is split first, and only its
    /// first small page moves.
    pub fn begin_migration(
        &mut self,
        number: usize,
        process: Process,
        page: PageIndex,
        mut waits: impl FnMut(Process, PageIndex) -> bool,
    ) {
        let Ok(key) = self.page(process, page).map(Page::key) else {
            return;
        };
        let span = if self.is_huge(process, page) { HUGE } else { 1 };
        self.migrations.0[number] = Some(Open { key, span });
        let migrating = NonZeroU8::new(number as u8 + 1).map(Migrating);
        self.each_relative(key, span, |process, at, page| {
            if page.user && waits(process, at) {
                page.migrating = migrating;
            }
        });
    }

    /// Migration `number` is over.
    pub fn finish_migration(&mut self, number: usize) {
        self.migrations.0[number] = None;
        let over = NonZeroU8::new(number as u8 + 1).map(Migrating);
        for page in self.processes.pages_mut().filter(|page| page.migrating == over) {
            page.migrating = None;
        }
    }

    /// Forgets whom [`Self::mark_users`] marked.
    pub fn unmark_users(&mut self) {
        self.processes.pages_mut().for_each(|page| page.user = false);
    }

    /// Whether the page cannot be reached until a migration is finished.
    #[must_use]
    pub fn is_migrating(&self, process: Process, page: PageIndex) -> bool {
        self.page(process, page).is_ok_and(|page| page.migrating.is_some())
    }

    /// Whether the tables may have a frame for `page`.
    #[must_use]
    pub fn may_have_frame(&self, process: Process, page: PageIndex) -> bool {
        self.page(process, page).is_ok_and(|page| page.health != Health::Poisoned)
    }

    pub(super) fn page(&self, process: Process, page: PageIndex) -> Result<&Page, Impossible> {
        self.processes.living(process)?.at(page).ok_or(Impossible::NoFrame)
    }

    pub(super) fn page_mut(&mut self, process: Process, page: PageIndex) -> Option<&mut Page> {
        let entry = self.processes.living_mut(process)?;
        slot_of(page).and_then(|slot| entry.pages[slot].as_mut())
    }

    /// Whether the page's area may be filled with 2 MiB pages.
    fn is_huge(&self, process: Process, page: PageIndex) -> bool {
        let page = self.page(process, page);
        page.is_ok_and(|page| page.attributes.page_size == PageSize::Huge)
    }

    /// Every page less than `span` away from `key` in the same origin.
    fn each_relative(
        &mut self,
        key: PageKey,
        span: u32,
        mut act: impl FnMut(Process, PageIndex, &mut Page),
    ) {
        for (process, entry) in self.processes.iter_mut() {
            for (slot, page) in entry.pages.iter_mut().enumerate() {
                let Some(page) = page else { continue };
                let related =
                    page.key().object == key.object && page.offset.abs_diff(key.offset) < span;
                if let Some(at) = page_of(slot).filter(|_| related) {
                    act(process, at, page);
                }
            }
        }
    }
}

fn mapped(entry: &Entry) -> impl Iterator<Item = (PageIndex, &Page)> {
    let slots = entry.pages.iter().enumerate();
    slots.filter_map(|(slot, page)| Some((page_of(slot)?, page.as_ref()?)))
}
