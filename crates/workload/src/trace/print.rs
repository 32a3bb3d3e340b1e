//! Events as lines of text.

use core::fmt;

use vm::{Access, Growth, Locking, ObjectKind, PageRange, PageSize, Protection, Remap};

use crate::{Event, FrameOperation, Place, Primitive, Source};

/// Prints an event as one line of a trace, without the line's end.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a Event);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.0 {
            Event::Spawn { process } => write!(f, "spawn {}", process.0),
            Event::Fork { parent, child } => write!(f, "fork {} -> {}", parent.0, child.0),
            Event::Exec { process } => write!(f, "exec {}", process.0),
            Event::Exit { process } => write!(f, "exit {}", process.0),
            Event::Mmap { process, range, place, source, protection, page_size, growth } => {
                let (range, place, source) = (Pages(range), place_word(place), Behind(source));
                let (protection, page_size) = (protection_word(protection), size_word(page_size));
                let stack = if growth == Growth::Down { " stack" } else { "" };
                write!(
                    f,
                    "mmap {} {range} {place} {source} {protection} {page_size}{stack}",
                    process.0
                )
            }
            Event::Munmap { process, range } => write!(f, "munmap {} {}", process.0, Pages(range)),
            Event::Mprotect { process, range, protection } => {
                write!(f, "mprotect {} {} {}", process.0, Pages(range), protection_word(protection))
            }
            Event::Mremap { process, range, pages, to } => {
                write!(f, "mremap {} {} -> {pages} {}", process.0, Pages(range), Whither(to))
            }
            Event::Brk { process, pages } => write!(f, "brk {} {pages}", process.0),
            Event::Mlock { process, range, locking } => {
                let word = if locking == Locking::Lock { "mlock" } else { "munlock" };
                write!(f, "{word} {} {}", process.0, Pages(range))
            }
            Event::Touch { process, page, access } => {
                let access = if access == Access::Read { "read" } else { "write" };
                write!(f, "touch {} {:#x} {access}", process.0, page.0)
            }
            Event::OnFrame { operation, process, page } => {
                let operation = operation_word(operation);
                write!(f, "frame {operation} {} {:#x}", process.0, page.0)
            }
            Event::CompactBlock { order } => write!(f, "compact-block {order}"),
            Event::Survey => f.write_str("survey"),
            Event::Phase(phase) => write!(f, "phase {}", phase.name()),
            Event::Reclaim { frames } => write!(f, "reclaim {frames}"),
            Event::CreateObject { object, kind, pages } => {
                write!(f, "create {} {} {pages}", object.0, kind_word(kind))
            }
            Event::TruncateObject { object, pages } => write!(f, "truncate {} {pages}", object.0),
            Event::RemoveObject { object } => write!(f, "remove {}", object.0),
            Event::Calibrate { primitive, process, page } => {
                let primitive = primitive_word(primitive);
                write!(f, "calibrate {primitive} {} {:#x}", process.0, page.0)
            }
        }
    }
}

struct Pages(PageRange);

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}+{}", self.0.start.0, self.0.pages)
    }
}

struct Behind(Source);

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::Private => f.write_str("private"),
            Source::Shared => f.write_str("shared"),
            Source::PrivateObject { object, offset } => {
                write!(f, "private-object {}+{offset}", object.0)
            }
            Source::SharedObject { object, offset } => {
                write!(f, "shared-object {}+{offset}", object.0)
            }
        }
    }
}

struct Whither(Remap);

impl fmt::Display for Whither {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Remap::InPlace => f.write_str("in-place"),
            Remap::Anywhere => f.write_str("anywhere"),
            Remap::To(page) => write!(f, "to {:#x}", page.0),
            Remap::CopyTo(page) => write!(f, "copy-to {:#x}", page.0),
        }
    }
}

const fn place_word(place: Place) -> &'static str {
    match place {
        Place::Fixed => "fixed",
        Place::Vacant => "vacant",
        Place::Anywhere => "anywhere",
    }
}

const fn protection_word(protection: Protection) -> &'static str {
    match protection {
        Protection::ReadOnly => "ro",
        Protection::ReadWrite => "rw",
    }
}

const fn size_word(page_size: PageSize) -> &'static str {
    match page_size {
        PageSize::Small => "small",
        PageSize::Huge => "huge",
    }
}

const fn kind_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::File => "file",
        ObjectKind::Segment => "segment",
    }
}

pub(super) const fn operation_word(operation: FrameOperation) -> &'static str {
    match operation {
        FrameOperation::Find => "find",
        FrameOperation::Unmap => "unmap",
        FrameOperation::Migrate => "migrate",
        FrameOperation::BeginMigration => "begin-migration",
        FrameOperation::FinishMigration => "finish-migration",
        FrameOperation::Age => "age",
        FrameOperation::WriteProtect => "write-protect",
        FrameOperation::Poison => "poison",
        FrameOperation::Pin => "pin",
        FrameOperation::Unpin => "unpin",
        FrameOperation::Split => "split",
    }
}

pub(super) const fn primitive_word(primitive: Primitive) -> &'static str {
    match primitive {
        Primitive::Empty => "empty",
        Primitive::Invlpg => "invlpg",
        Primitive::Cr3Reload => "cr3-reload",
        Primitive::PageCopy => "page-copy",
        Primitive::PageZero => "page-zero",
        Primitive::PteCopyFloor => "pte-copy-floor",
        Primitive::Cr3ReloadPcid => "cr3-reload-pcid",
        Primitive::Cr3ReloadPcidFlush => "cr3-reload-pcid-flush",
        Primitive::InvpcidOne => "invpcid-one",
        Primitive::InvpcidAll => "invpcid-all",
    }
}
