//! What is wrong with a line of a trace.

use core::fmt;

/// What a line should have had where it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The first word.
    Event,
    /// A process number, 0 to 65535.
    Process,
    /// An object number, 0 to 65535.
    Object,
    /// The sign between two processes, or a range and its new size.
    Arrow,
    /// A first page and a number of pages.
    Range,
    /// A page.
    Page,
    /// A number of pages.
    Pages,
    /// A number of frames, at most 32 bits.
    Frames,
    /// The order of a block, 1 to 9.
    Order,
    /// Whether a range must be where it says.
    Place,
    /// What is behind a range.
    Source,
    /// An object and the first of its pages.
    Offset,
    /// What is allowed.
    Protection,
    /// Which pages may be used.
    PageSize,
    /// Nothing, or that it is a stack.
    Stack,
    /// Where a range may go.
    Remap,
    /// How a page is touched.
    Access,
    /// What is done to a frame.
    Operation,
    /// What an object is.
    Kind,
    /// A part of the workload.
    Phase,
    /// What is timed.
    Primitive,
    /// Nothing more.
    End,
}

/// Why a line is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceError<'t> {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is there; empty at the end of a line.
    pub found: &'t str,
    /// What should be.
    pub expected: Expected,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => {
                "an event: spawn, fork, exec, exit, mmap, munmap, mprotect, mremap, brk, mlock, \
                 munlock, touch, frame, survey, phase, compact-block, reclaim, create, truncate, remove \
                 or calibrate"
            }
            Self::Process => "a process number from 0 to 65535, such as `3`",
            Self::Object => "an object number from 0 to 65535, such as `2`",
            Self::Arrow => "`->`",
            Self::Range => "a first page and a number of pages, such as `0x10000+16`",
            Self::Page => "a page number, such as `0x10005`",
            Self::Pages => "a number of pages, such as `16`",
            Self::Frames => "a number of frames, such as `8`",
            Self::Order => "an order from 1 to 9, such as `4`",
            Self::Place => "`fixed`, `vacant` or `anywhere`",
            Self::Source => "`private`, `shared`, `private-object` or `shared-object`",
            Self::Offset => "an object and the first of its pages, such as `2+5`",
            Self::Protection => "`ro` or `rw`",
            Self::PageSize => "`small` or `huge`",
            Self::Stack => "the end of the line, or `stack`",
            Self::Remap => "`in-place`, `anywhere`, `to` with a page or `copy-to` with a page",
            Self::Access => "`read` or `write`",
            Self::Operation => {
                "find, unmap, migrate, begin-migration, finish-migration, age, write-protect, \
                 poison, pin, unpin or split"
            }
            Self::Kind => "`file` or `segment`",
            Self::Phase => "`set_up`, `work` or `tear_down`",
            Self::Primitive => {
                "empty, invlpg, cr3-reload, page-copy, page-zero, pte-copy-floor, cr3-reload-pcid, \
                 cr3-reload-pcid-flush, invpcid-one or invpcid-all"
            }
            Self::End => "the end of the line",
        })
    }
}

impl fmt::Display for TraceError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, found, expected } = self;
        write!(f, "line {line}, column {column}: ")?;
        match (found, expected) {
            (&"", expected) => write!(f, "the line ends too early; add {expected}"),
            (found, Expected::End) => write!(f, "`{found}` is too much; delete it"),
            (found, expected) => write!(f, "`{found}` is out of place; write {expected}"),
        }
    }
}

impl core::error::Error for TraceError<'_> {}
