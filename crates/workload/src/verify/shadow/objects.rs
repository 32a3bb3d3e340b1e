//! Files and segments, and the unnamed objects behind shared anonymous memory.

use super::Shadow;
use super::contents::{Contents, Health, Tag};
use super::page::Page;
use super::refusals::Impossible;
use crate::Object;

/// Objects with a number are numbered below this.
pub const MOST_OBJECTS: usize = 4;

/// The most pages of an object.
pub const OBJECT_PAGES: u64 = 24;

/// Named objects, removed ones that are still mapped, and unnamed ones.
const SLOTS: usize = 16;

/// An object's place in the shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectSlot(u8);

/// One page of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectPage {
    pub(super) tag: Tag,
    pub(super) health: Health,
}

impl ObjectPage {
    const FRESH: Self = Self { tag: Tag::ZERO, health: Health::Sound };
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    used: bool,
    name: Option<Object>,
    pages: u64,
    contents: [ObjectPage; OBJECT_PAGES as usize],
}

impl Entry {
    const FREE: Self = Self {
        used: false,
        name: None,
        pages: 0,
        contents: [ObjectPage::FRESH; OBJECT_PAGES as usize],
    };
}

#[derive(Clone, Debug)]
pub(super) struct Objects {
    entries: [Entry; SLOTS],
}

impl Objects {
    pub(super) const fn new() -> Self {
        Self { entries: [Entry::FREE; SLOTS] }
    }

    pub(super) fn reset(&mut self) {
        self.entries.fill(Entry::FREE);
    }

    /// The object of that number.
    pub(super) fn named(&self, object: Object) -> Result<ObjectSlot, Impossible> {
        Self::slots()
            .find(|slot| self.entry(*slot).name == Some(object))
            .ok_or(Impossible::NoSuchObject(object))
    }

    pub(super) fn can_create(&self, object: Object, pages: u64) -> Result<(), Impossible> {
        if usize::from(object.0) >= MOST_OBJECTS {
            return Err(Impossible::NumberTooLarge(object.0));
        }
        if self.named(object).is_ok() {
            return Err(Impossible::ObjectExists(object));
        }
        if pages > OBJECT_PAGES { Err(Impossible::ObjectTooLarge(pages)) } else { Ok(()) }
    }

    pub(super) fn can_truncate(&self, object: Object, pages: u64) -> Result<(), Impossible> {
        self.named(object)?;
        if pages > OBJECT_PAGES { Err(Impossible::ObjectTooLarge(pages)) } else { Ok(()) }
    }

    /// A new object full of zeroes, unless there is no room.
    pub(super) fn create(&mut self, name: Option<Object>, pages: u64) -> Option<ObjectSlot> {
        let free = self.entries.iter().position(|entry| !entry.used)?;
        self.entries[free] = Entry { used: true, name, pages, ..Entry::FREE };
        Some(ObjectSlot(free as u8))
    }

    pub(super) fn remove(&mut self, object: Object) {
        if let Ok(slot) = self.named(object) {
            self.entry_mut(slot).name = None;
        }
    }

    /// The page at `offset`, unless it lies beyond the end.
    pub(super) fn page(&self, slot: ObjectSlot, offset: u32) -> Option<&ObjectPage> {
        let entry = self.entry(slot);
        entry.contents[..entry.pages as usize].get(offset as usize)
    }

    /// As [`Self::page`], to be changed.
    pub(super) fn page_mut(&mut self, slot: ObjectSlot, offset: u32) -> Option<&mut ObjectPage> {
        let entry = self.entry_mut(slot);
        entry.contents[..entry.pages as usize].get_mut(offset as usize)
    }

    fn resize(&mut self, slot: ObjectSlot, pages: u64) {
        let entry = self.entry_mut(slot);
        let kept = entry.pages.min(pages);
        entry.contents[kept as usize..].fill(ObjectPage::FRESH);
        entry.pages = pages;
    }

    fn slots() -> impl Iterator<Item = ObjectSlot> {
        (0..SLOTS as u8).map(ObjectSlot)
    }

    fn entry(&self, slot: ObjectSlot) -> &Entry {
        &self.entries[usize::from(slot.0)]
    }

    fn entry_mut(&mut self, slot: ObjectSlot) -> &mut Entry {
        &mut self.entries[usize::from(slot.0)]
    }
}

impl Shadow {
    /// Whether one more object can be kept.
    pub(super) fn room_for_object(&self) -> Result<(), Impossible> {
        let room = Objects::slots().any(|slot| !self.is_in_use(slot));
        if room { Ok(()) } else { Err(Impossible::NoRoom) }
    }

    /// Makes room: objects without a number live on only while they are mapped.
    pub(super) fn drop_unused_objects(&mut self) {
        if self.objects.entries.iter().any(|entry| !entry.used) {
            return;
        }
        for slot in Objects::slots() {
            if !self.is_in_use(slot) {
                *self.objects.entry_mut(slot) = Entry::FREE;
            }
        }
    }

    fn is_in_use(&self, slot: ObjectSlot) -> bool {
        let entry = self.objects.entry(slot);
        let is_behind = |page: &Page| page.attributes.source.object() == Some(slot);
        entry.used && (entry.name.is_some() || self.processes.pages().any(is_behind))
    }

    /// Cuts off or adds zeroes. What is cut off is gone everywhere, private copies, poison and
    /// migration entries included.
    pub(super) fn truncate(&mut self, object: Object, pages: u64) {
        let Ok(slot) = self.objects.named(object) else {
            return;
        };
        self.objects.resize(slot, pages);
        for page in self.processes.pages_mut() {
            let is_behind = page.attributes.source.object() == Some(slot);
            if is_behind && u64::from(page.offset) >= pages {
                *page = Page { seam: page.seam, ..page.emptied() };
            }
        }
    }

    /// What a page that follows its object, or may, reads as.
    pub(super) fn object_page(&self, page: &Page) -> Option<&ObjectPage> {
        let slot = page.attributes.source.object().filter(|_| page.contents != Contents::Own)?;
        self.objects.page(slot, page.offset)
    }
}
