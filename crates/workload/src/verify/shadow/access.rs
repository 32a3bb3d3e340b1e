//! Loads and stores, and stacks that grow under them.

use rmap::PageIndex;
use vm::{Access, FaultRefused, Growth, PageRange, Protection, STACK_WINDOW};

use super::Shadow;
use super::contents::{Contents, Health, Tag};
use super::page::Page;
use super::processes::Entry;
use super::refusals::{AccessErrors, Impossible};
use super::surprise::Surprise;
use crate::verify::windows::slot_of;
use crate::{Event, Process};

/// What an access may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessForecast {
    access: Access,
    /// Unless empty, the access must fail with one of these. Where several apply, the order in which
    /// the VM looks is its own business.
    must: AccessErrors,
    /// The access may fail with one of these, depending on what a process cannot see.
    may: AccessErrors,
    /// What a load may find: one value, or two of a page in doubt.
    found: [Tag; 2],
}

impl AccessForecast {
    const fn new(access: Access) -> Self {
        let none = AccessErrors::NONE;
        Self { access, must: none, may: none, found: [Tag::ZERO; 2] }
    }

    /// Whether the access certainly fails.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        !self.must.is_empty()
    }

    pub(super) fn ideal(&self, tag: Tag) -> Result<u64, FaultRefused> {
        match (self.must.first(), self.access) {
            (Some(reason), _) => Err(reason),
            (None, Access::Read) => Ok(self.found[0].word()),
            (None, Access::Write) => Ok(tag.word()),
        }
    }

    pub(super) fn judge(&self, read: Result<u64, FaultRefused>) -> Result<(), Surprise> {
        match read {
            Ok(_) if self.is_refused() => Err(Surprise::Accessed { instead_of: self.must }),
            Ok(value) => self.judge_value(value),
            // Memory may always run out; nothing has changed then.
            Err(FaultRefused::OutOfMemory) => Ok(()),
            Err(reason) if self.must.contains(reason) || self.may.contains(reason) => Ok(()),
            Err(reason) => Err(Surprise::AccessRefused { reason, instead_of: self.must }),
        }
    }

    fn judge_value(&self, value: u64) -> Result<(), Surprise> {
        let right =
            self.access == Access::Write || self.found.iter().any(|tag| tag.word() == value);
        if right { Ok(()) } else { Err(Surprise::Read { value, instead_of: self.found[0] }) }
    }
}

impl Shadow {
    pub(super) fn foresee_touch(
        &self,
        process: Process,
        page: PageIndex,
        access: Access,
    ) -> Result<AccessForecast, Impossible> {
        let entry = self.processes.living(process)?;
        if let Some(page) = entry.at(page) {
            return Ok(self.foresee_mapped(page, access));
        }
        let mut forecast = AccessForecast::new(access);
        match stack_above(entry, page) {
            None => forecast.must.add_if(true, FaultRefused::Segfault),
            Some(_) if slot_of(page).is_none() => return Err(Impossible::OutsideWindows),
            Some((_, stack)) => {
                let forbidden = is_forbidden(stack, access);
                forecast.must.add_if(forbidden, FaultRefused::Segfault);
            }
        }
        Ok(forecast)
    }

    fn foresee_mapped(&self, page: &Page, access: Access) -> AccessForecast {
        let mut forecast = AccessForecast::new(access);
        let AccessForecast { must, may, found, .. } = &mut forecast;
        must.add_if(is_forbidden(page, access), FaultRefused::Segfault);
        must.add_if(page.health == Health::Poisoned, FaultRefused::Poisoned);
        must.add_if(page.migrating.is_some(), FaultRefused::Migrating);
        may.add_if(page.health == Health::Doubtful, FaultRefused::Poisoned);
        may.add_if(self.migrations.may_concern(page), FaultRefused::Migrating);
        *found = [page.tag; 2];
        if page.contents == Contents::Own {
            return forecast;
        }
        let Some(behind) = self.object_page(page) else {
            must.add_if(true, FaultRefused::BeyondEnd);
            return forecast;
        };
        let follows = page.contents == Contents::Follows;
        must.add_if(follows && behind.health == Health::Poisoned, FaultRefused::Poisoned);
        may.add_if(behind.health != Health::Sound, FaultRefused::Poisoned);
        found[0] = behind.tag;
        if follows {
            found[1] = behind.tag;
        }
        forecast
    }

    pub(super) fn follow_touch(
        &mut self,
        event: &Event,
        tag: Tag,
        read: Result<u64, FaultRefused>,
    ) {
        let &Event::Touch { process, page, access } = event else {
            return;
        };
        match (read, access) {
            (Ok(_), Access::Write) => {
                self.grow_stack(process, page);
                self.write(process, page, tag);
            }
            (Ok(value), Access::Read) => {
                self.grow_stack(process, page);
                self.settle_doubts(process, page, value);
            }
            (Err(FaultRefused::Poisoned), _) => {
                if let Some(page) = self.page_mut(process, page) {
                    page.health = Health::Poisoned;
                }
            }
            (Err(_), _) => {}
        }
    }

    fn write(&mut self, process: Process, page: PageIndex, tag: Tag) {
        let Some(page) = self.page_mut(process, page) else {
            return;
        };
        if page.attributes.source.copies() {
            return page.write(tag);
        }
        let key = page.key();
        let behind = key.object.and_then(|object| self.objects.page_mut(object, key.offset));
        if let Some(behind) = behind {
            behind.tag = tag;
        }
    }

    /// What a load that succeeded tells of a page that was in doubt.
    fn settle_doubts(&mut self, process: Process, page: PageIndex, value: u64) {
        let behind = self.page(process, page).ok().and_then(|page| self.object_page(page)).copied();
        let Some(page) = self.page_mut(process, page) else {
            return;
        };
        if page.contents == Contents::Either && behind.is_some_and(|it| it.tag != page.tag) {
            let own = page.tag.word() == value;
            page.contents = if own { Contents::Own } else { Contents::Follows };
        }
        // While the object's page is in doubt, the next fault may still find it broken.
        if behind.is_none_or(|behind| behind.health == Health::Sound) {
            page.health = Health::Sound;
        }
    }

    /// If `page` is not mapped, the stack above it takes in all pages down to it.
    fn grow_stack(&mut self, process: Process, page: PageIndex) {
        let Some(entry) = self.processes.living_mut(process) else {
            return;
        };
        let Some((first, stack)) = stack_above(entry, page).map(|(at, stack)| (at, *stack)) else {
            return;
        };
        for below in 1..=first.0 - page.0 {
            if let Some(slot) = slot_of(PageIndex(first.0 - below)) {
                let offset = stack.offset.wrapping_sub(below as u32);
                entry.pages[slot] = Some(Page::fresh(stack.attributes, offset));
            }
        }
    }
}

/// The first page of the stack that a fault at the unmapped `page` makes grow, if one does. Nothing
/// may end right below the new stack, and pages 0 and 1 never belong to one.
fn stack_above(entry: &Entry, page: PageIndex) -> Option<(PageIndex, &Page)> {
    if page.0 < 2 || entry.at(page).is_some() || entry.at(PageIndex(page.0 - 1)).is_some() {
        return None;
    }
    let window = PageRange { start: page.plus(1), pages: STACK_WINDOW };
    let first =
        (0..window.pages).map(|n| window.start.plus(n)).find(|at| entry.at(*at).is_some())?;
    let stack = entry.at(first)?;
    (stack.attributes.growth == Growth::Down).then_some((first, stack))
}

fn is_forbidden(page: &Page, access: Access) -> bool {
    access == Access::Write && page.attributes.protection == Protection::ReadOnly
}
