//! What a process becomes by `exec`.

use rmap::SLOTS_PER_TABLE;
use vm::{ObjectKind, PageRange, Protection};

use super::{HEAP, TEXT, map_file, map_private, reads_at, writes};
use crate::{Event, Object, Process};

/// A program: code in a file, and memory of its own.
#[derive(Clone, Copy)]
pub(super) struct Program {
    /// Where its code is.
    pub file: Object,
    /// Pages of code, at least 1, all of which run.
    pub text: u64,
    /// Pages of memory, at least 1, all of which it writes to.
    pub image: u64,
}

impl Program {
    /// Its file comes to be.
    pub const fn create(self) -> Event {
        Event::CreateObject { object: self.file, kind: ObjectKind::File, pages: self.text }
    }

    /// `process` execs it and runs all of it once.
    pub fn start(self, process: Process) -> impl Iterator<Item = Event> + Clone {
        let text = PageRange { start: TEXT, pages: self.text };
        let image = PageRange { start: HEAP, pages: self.image };
        [
            Event::Exec { process },
            map_file(process, text, self.file, Protection::ReadOnly),
            map_private(process, image),
        ]
        .into_iter()
        .chain(reads_at(process, text.start, 0..text.pages))
        .chain(writes(process, 0..image.pages))
    }

    /// Pages that it has mapped, counting whole tables: code and memory have tables, and a directory,
    /// of their own.
    pub const fn span(self) -> u64 {
        self.text + self.image + 2 * SLOTS_PER_TABLE as u64
    }

    /// Operations of its start that are timed, at most.
    pub const fn samples(self) -> u64 {
        3 + self.text + self.image
    }
}
