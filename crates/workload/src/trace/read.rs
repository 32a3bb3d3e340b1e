//! Lines of text as events.

use rmap::PageIndex;
use vm::{Access, Growth, Locking, ObjectKind, PageRange, PageSize, Protection, Remap};

use super::error::{Expected, TraceError};
use super::print::{operation_word, primitive_word};
use super::tokens::{Token, Tokens, number, sum};
use crate::{Event, FrameOperation, Object, Phase, Place, Primitive, Process, Source};

const OPERATIONS: [FrameOperation; 11] = [
    FrameOperation::Find,
    FrameOperation::Unmap,
    FrameOperation::Migrate,
    FrameOperation::BeginMigration,
    FrameOperation::FinishMigration,
    FrameOperation::Age,
    FrameOperation::WriteProtect,
    FrameOperation::Poison,
    FrameOperation::Pin,
    FrameOperation::Unpin,
    FrameOperation::Split,
];

/// The events of a trace, in order. Goes on after a bad line.
pub fn events(text: &str) -> impl Iterator<Item = Result<Event, TraceError<'_>>> {
    let numbered = text.lines().zip(1..);
    numbered.filter_map(|(line, number)| event(line, number).transpose())
}

/// The event on one line, if there is any. `number` is the line's, for the error.
///
/// # Errors
/// The line has something else than an event.
pub fn event(line: &str, number: usize) -> Result<Option<Event>, TraceError<'_>> {
    let mut words = Tokens::new(line, number);
    let first = words.next();
    if first.text.is_empty() {
        return Ok(None);
    }
    let event = after(first, &mut words)?;
    words.end(Expected::End)?;
    Ok(Some(event))
}

fn after<'t>(first: Token<'t>, words: &mut Tokens<'t>) -> Result<Event, TraceError<'t>> {
    Ok(match first.text {
        "spawn" => Event::Spawn { process: process(words)? },
        "fork" => {
            let parent = process(words)?;
            arrow(words)?;
            Event::Fork { parent, child: process(words)? }
        }
        "exec" => Event::Exec { process: process(words)? },
        "exit" => Event::Exit { process: process(words)? },
        "mmap" => mmap(words)?,
        "munmap" => Event::Munmap { process: process(words)?, range: range(words)? },
        "mprotect" => Event::Mprotect {
            process: process(words)?,
            range: range(words)?,
            protection: protection(words)?,
        },
        "mremap" => mremap(words)?,
        "brk" => Event::Brk { process: process(words)?, pages: pages(words)? },
        "mlock" => mlock(words, Locking::Lock)?,
        "munlock" => mlock(words, Locking::Unlock)?,
        "touch" => {
            let accesses = [("read", Access::Read), ("write", Access::Write)];
            let (process, page) = (process(words)?, page(words)?);
            Event::Touch { process, page, access: words.one_of(Expected::Access, &accesses)? }
        }
        "frame" => {
            let operation = words.read(Expected::Operation, |text| {
                OPERATIONS.into_iter().find(|it| operation_word(*it) == text)
            })?;
            Event::OnFrame { operation, process: process(words)?, page: page(words)? }
        }
        "compact-block" => Event::CompactBlock { order: words.read(Expected::Order, order)? },
        "survey" => Event::Survey,
        "phase" => Event::Phase(words.read(Expected::Phase, |text| {
            Phase::ALL.into_iter().find(|phase| phase.name() == text)
        })?),
        "reclaim" => Event::Reclaim { frames: words.read(Expected::Frames, narrow)? },
        "create" => {
            let kinds = [("file", ObjectKind::File), ("segment", ObjectKind::Segment)];
            let (object, kind) = (object(words)?, words.one_of(Expected::Kind, &kinds)?);
            Event::CreateObject { object, kind, pages: pages(words)? }
        }
        "truncate" => Event::TruncateObject { object: object(words)?, pages: pages(words)? },
        "remove" => Event::RemoveObject { object: object(words)? },
        "calibrate" => {
            let primitive = words.read(Expected::Primitive, |text| {
                Primitive::ALL.into_iter().find(|it| primitive_word(*it) == text)
            })?;
            Event::Calibrate { primitive, process: process(words)?, page: page(words)? }
        }
        _ => return Err(words.error(first, Expected::Event)),
    })
}

fn mmap<'t>(words: &mut Tokens<'t>) -> Result<Event, TraceError<'t>> {
    let places =
        [("fixed", Place::Fixed), ("vacant", Place::Vacant), ("anywhere", Place::Anywhere)];
    let sizes = [("small", PageSize::Small), ("huge", PageSize::Huge)];
    Ok(Event::Mmap {
        process: process(words)?,
        range: range(words)?,
        place: words.one_of(Expected::Place, &places)?,
        source: source(words)?,
        protection: protection(words)?,
        page_size: words.one_of(Expected::PageSize, &sizes)?,
        growth: words.one_of(Expected::Stack, &[("", Growth::Fixed), ("stack", Growth::Down)])?,
    })
}

fn source<'t>(words: &mut Tokens<'t>) -> Result<Source, TraceError<'t>> {
    let token = words.next();
    match token.text {
        "private" => Ok(Source::Private),
        "shared" => Ok(Source::Shared),
        "private-object" => {
            behind(words).map(|(object, offset)| Source::PrivateObject { object, offset })
        }
        "shared-object" => {
            behind(words).map(|(object, offset)| Source::SharedObject { object, offset })
        }
        _ => Err(words.error(token, Expected::Source)),
    }
}

fn behind<'t>(words: &mut Tokens<'t>) -> Result<(Object, u64), TraceError<'t>> {
    words.read(Expected::Offset, |text| {
        let (object, offset) = sum(text)?;
        Some((Object(object.try_into().ok()?), offset))
    })
}

fn mremap<'t>(words: &mut Tokens<'t>) -> Result<Event, TraceError<'t>> {
    let (process, range) = (process(words)?, range(words)?);
    arrow(words)?;
    let pages = pages(words)?;
    let token = words.next();
    let to = match token.text {
        "in-place" => Remap::InPlace,
        "anywhere" => Remap::Anywhere,
        "to" => Remap::To(page(words)?),
        "copy-to" => Remap::CopyTo(page(words)?),
        _ => return Err(words.error(token, Expected::Remap)),
    };
    Ok(Event::Mremap { process, range, pages, to })
}

fn mlock<'t>(words: &mut Tokens<'t>, locking: Locking) -> Result<Event, TraceError<'t>> {
    Ok(Event::Mlock { process: process(words)?, range: range(words)?, locking })
}

fn protection<'t>(words: &mut Tokens<'t>) -> Result<Protection, TraceError<'t>> {
    let protections = [("ro", Protection::ReadOnly), ("rw", Protection::ReadWrite)];
    words.one_of(Expected::Protection, &protections)
}

fn process<'t>(words: &mut Tokens<'t>) -> Result<Process, TraceError<'t>> {
    words.read(Expected::Process, narrow).map(Process)
}

fn object<'t>(words: &mut Tokens<'t>) -> Result<Object, TraceError<'t>> {
    words.read(Expected::Object, narrow).map(Object)
}

fn page<'t>(words: &mut Tokens<'t>) -> Result<PageIndex, TraceError<'t>> {
    words.read(Expected::Page, number).map(PageIndex)
}

fn pages<'t>(words: &mut Tokens<'t>) -> Result<u64, TraceError<'t>> {
    words.read(Expected::Pages, number)
}

fn range<'t>(words: &mut Tokens<'t>) -> Result<PageRange, TraceError<'t>> {
    let (start, pages) = words.read(Expected::Range, sum)?;
    Ok(PageRange { start: PageIndex(start), pages })
}

fn arrow<'t>(words: &mut Tokens<'t>) -> Result<(), TraceError<'t>> {
    words.one_of(Expected::Arrow, &[("->", ())])
}

/// The order of a block that compaction can make.
fn order(text: &str) -> Option<u32> {
    narrow(text).filter(|order| (1..=vm::HUGE_ORDER).contains(order))
}

/// A number that fits.
fn narrow<T: TryFrom<u64>>(text: &str) -> Option<T> {
    number(text).and_then(|number| T::try_from(number).ok())
}
