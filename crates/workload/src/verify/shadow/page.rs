//! One page of one process.

use core::num::NonZeroU8;

use vm::{Growth, PageSize, Protection};

use super::contents::{Contents, Health, Tag};
use super::objects::ObjectSlot;

/// What is behind a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Zeroes, the process's own.
    Private,
    /// An object, until the process writes.
    PrivateObject(ObjectSlot),
    /// An object.
    SharedObject(ObjectSlot),
}

impl Source {
    /// The object, if there is one.
    pub(super) const fn object(self) -> Option<ObjectSlot> {
        match self {
            Self::Private => None,
            Self::PrivateObject(object) | Self::SharedObject(object) => Some(object),
        }
    }

    /// Whether a write makes the page the process's own.
    pub(super) const fn copies(self) -> bool {
        !matches!(self, Self::SharedObject(_))
    }
}

/// Whether an area is locked in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// It is not.
    No,
    /// A lock ran out of memory somewhere on its way.
    Unknown,
    /// It is.
    Yes,
}

/// What the area around a page looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) source: Source,
    pub(super) protection: Protection,
    pub(super) page_size: PageSize,
    pub(super) growth: Growth,
    pub(super) lock: Lock,
}

/// Which open migration a page's frame is part of: its number plus 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Migrating(pub(super) NonZeroU8);

/// Whether the VM certainly merged a page with the one below where they look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seam {
    /// It did.
    None,
    /// It may have left two areas: fork drops lock flags without merging, and an operation that ran
    /// out of memory may have split an area.
    Possible,
}

/// Whether relatives with the same tag have the same page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twins {
    /// They do: every write leaves a tag of its own, and a fork shares the page.
    Same,
    /// Perhaps not: a lock may have copied the page, tag and all.
    Perhaps,
}

/// One mapped page. 20 bytes, 12,000 times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) attributes: Attributes,
    /// Of an object, the page of it. Of private memory, the page at which it was first mapped.
    pub(super) offset: u32,
    pub(super) contents: Contents,
    pub(super) tag: Tag,
    pub(super) health: Health,
    pub(super) migrating: Option<Migrating>,
    pub(super) seam: Seam,
    pub(super) twins: Twins,
    /// Maps the frame that is being operated on.
    pub(super) user: bool,
}

const _: () = assert!(size_of::<Option<Page>>() == 20);

/// Whether two neighbouring pages belong to one area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joined {
    No,
    Perhaps,
    Yes,
}

/// What pages must have in common to map one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageKey {
    pub(super) object: Option<ObjectSlot>,
    pub(super) offset: u32,
}

impl Page {
    /// A page that nobody has touched.
    pub(super) const fn fresh(attributes: Attributes, offset: u32) -> Self {
        let contents = match attributes.source {
            Source::Private => Contents::Own,
            Source::PrivateObject(_) | Source::SharedObject(_) => Contents::Follows,
        };
        Self {
            attributes,
            offset,
            contents,
            tag: Tag::ZERO,
            health: Health::Sound,
            migrating: None,
            seam: Seam::None,
            twins: Twins::Same,
            user: false,
        }
    }

    /// The same place of the same area, without what was in it.
    pub(super) const fn emptied(self) -> Self {
        Self::fresh(self.attributes, self.offset)
    }

    pub(super) const fn key(&self) -> PageKey {
        PageKey { object: self.attributes.source.object(), offset: self.offset }
    }

    /// Whether it belongs to the area of `below`, its lower neighbour: the VM merges areas that look
    /// alike and whose offsets continue.
    pub(super) fn joined(&self, below: &Self) -> Joined {
        let (upper, lower) = (self.attributes, below.attributes);
        let alike = Attributes { lock: lower.lock, ..upper } == lower;
        if !alike || self.offset != below.offset.wrapping_add(1) {
            return Joined::No;
        }
        match (upper.lock, lower.lock) {
            (Lock::Unknown, _) | (_, Lock::Unknown) => Joined::Perhaps,
            (upper, lower) if upper != lower => Joined::No,
            _ if self.seam == Seam::Possible => Joined::Perhaps,
            _ => Joined::Yes,
        }
    }

    /// The page's own contents from now on.
    pub(super) fn write(&mut self, tag: Tag) {
        self.contents = Contents::Own;
        self.tag = tag;
        self.health = Health::Sound;
        self.twins = Twins::Same;
    }

    /// Whether `other`, of the same origin, certainly is the same page of the process's own.
    pub(super) fn is_twin_of(&self, other: &Self) -> bool {
        let own = self.contents == Contents::Own && other.contents == Contents::Own;
        let certain = self.twins == Twins::Same && other.twins == Twins::Same;
        own && certain && self.tag == other.tag && self.tag != Tag::ZERO
    }
}
