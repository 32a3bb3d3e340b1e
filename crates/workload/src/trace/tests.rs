//! Every event survives its line; every mistake is told with its place and its mend.

use proptest::prelude::*;
use rmap::PageIndex;
use vm::{Access, Growth, Locking, ObjectKind, PageRange, PageSize, Protection, Remap};

use super::{Line, event, events};
use crate::{Event, FrameOperation, Object, Phase, Place, Primitive, Process, Source};

fn page() -> impl Strategy<Value = PageIndex> {
    any::<u64>().prop_map(PageIndex)
}

fn range() -> impl Strategy<Value = PageRange> {
    (page(), any::<u64>()).prop_map(|(start, pages)| PageRange { start, pages })
}

fn process() -> impl Strategy<Value = Process> {
    any::<u16>().prop_map(Process)
}

fn object() -> impl Strategy<Value = Object> {
    any::<u16>().prop_map(Object)
}

fn protection() -> impl Strategy<Value = Protection> {
    prop_oneof![Just(Protection::ReadOnly), Just(Protection::ReadWrite)]
}

fn source() -> impl Strategy<Value = Source> {
    let behind = || (object(), any::<u64>());
    prop_oneof![
        Just(Source::Private),
        Just(Source::Shared),
        behind().prop_map(|(object, offset)| Source::PrivateObject { object, offset }),
        behind().prop_map(|(object, offset)| Source::SharedObject { object, offset }),
    ]
}

fn operation() -> impl Strategy<Value = FrameOperation> {
    prop_oneof![
        Just(FrameOperation::Find),
        Just(FrameOperation::Unmap),
        Just(FrameOperation::Migrate),
        Just(FrameOperation::BeginMigration),
        Just(FrameOperation::FinishMigration),
        Just(FrameOperation::Age),
        Just(FrameOperation::WriteProtect),
        Just(FrameOperation::Poison),
        Just(FrameOperation::Pin),
        Just(FrameOperation::Unpin),
        Just(FrameOperation::Split),
    ]
}

fn mmap() -> impl Strategy<Value = Event> {
    let place = prop_oneof![Just(Place::Fixed), Just(Place::Vacant), Just(Place::Anywhere)];
    let page_size = prop_oneof![Just(PageSize::Small), Just(PageSize::Huge)];
    let growth = prop_oneof![Just(Growth::Fixed), Just(Growth::Down)];
    let all = (process(), range(), place, source(), protection(), page_size, growth);
    all.prop_map(|(process, range, place, source, protection, page_size, growth)| Event::Mmap {
        process,
        range,
        place,
        source,
        protection,
        page_size,
        growth,
    })
}

fn of_a_process() -> impl Strategy<Value = Event> {
    let to = prop_oneof![
        Just(Remap::InPlace),
        Just(Remap::Anywhere),
        page().prop_map(Remap::To),
        page().prop_map(Remap::CopyTo),
    ];
    let locking = prop_oneof![Just(Locking::Lock), Just(Locking::Unlock)];
    let access = prop_oneof![Just(Access::Read), Just(Access::Write)];
    prop_oneof![
        process().prop_map(|process| Event::Spawn { process }),
        (process(), process()).prop_map(|(parent, child)| Event::Fork { parent, child }),
        process().prop_map(|process| Event::Exec { process }),
        process().prop_map(|process| Event::Exit { process }),
        (process(), range()).prop_map(|(process, range)| Event::Munmap { process, range }),
        (process(), range(), protection()).prop_map(|(process, range, protection)| {
            Event::Mprotect { process, range, protection }
        }),
        (process(), range(), any::<u64>(), to)
            .prop_map(|(process, range, pages, to)| Event::Mremap { process, range, pages, to }),
        (process(), any::<u64>()).prop_map(|(process, pages)| Event::Brk { process, pages }),
        (process(), range(), locking).prop_map(|(process, range, locking)| Event::Mlock {
            process,
            range,
            locking
        }),
        (process(), page(), access).prop_map(|(process, page, access)| Event::Touch {
            process,
            page,
            access
        }),
    ]
}

fn of_the_machine() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![Just(ObjectKind::File), Just(ObjectKind::Segment)];
    let primitive = (0..Primitive::ALL.len()).prop_map(|index| Primitive::ALL[index]);
    prop_oneof![
        (operation(), process(), page()).prop_map(|(operation, process, page)| Event::OnFrame {
            operation,
            process,
            page
        }),
        (1..=vm::HUGE_ORDER).prop_map(|order| Event::CompactBlock { order }),
        Just(Event::Survey),
        (0..Phase::COUNT).prop_map(|index| Event::Phase(Phase::ALL[index])),
        any::<u32>().prop_map(|frames| Event::Reclaim { frames }),
        (object(), kind, any::<u64>()).prop_map(|(object, kind, pages)| Event::CreateObject {
            object,
            kind,
            pages
        }),
        (object(), any::<u64>())
            .prop_map(|(object, pages)| Event::TruncateObject { object, pages }),
        object().prop_map(|object| Event::RemoveObject { object }),
        (primitive, process(), page()).prop_map(|(primitive, process, page)| Event::Calibrate {
            primitive,
            process,
            page
        }),
    ]
}

proptest! {
    #[test]
    fn an_event_survives_its_line(
        original in prop_oneof![mmap(), of_a_process(), of_the_machine()],
    ) {
        let line = Line(&original).to_string();
        prop_assert_eq!(event(&line, 1), Ok(Some(original)), "{}", line);
    }

    #[test]
    fn no_line_makes_the_reader_panic(line in ".*", words in "[a-z0-9x+# >-]{0,60}") {
        let _ = event(&line, 1).map_err(|error| error.to_string());
        let _ = event(&words, 1).map_err(|error| error.to_string());
    }
}

#[test]
fn lines_read_like_sentences() {
    let text = "\
        mmap 3 0x10000+16 vacant private-object 2+5 rw huge stack\n\
        mremap 3 0x10000+16 -> 8 to 0x20000\n\
        frame begin-migration 3 0x10005";
    let printed = events(text).map(|event| Line(&event.expect("it is right")).to_string());
    assert_eq!(printed.collect::<Vec<_>>().join("\n"), text);
}

#[test]
fn comments_and_blank_lines_mean_nothing() {
    let text = "# a family\n\n  spawn 0  # the first\n\t\nfork 0 -> 0x1\n";
    let read: Result<Vec<_>, _> = events(text).collect();
    let spawn = Event::Spawn { process: Process(0) };
    assert_eq!(read, Ok(vec![spawn, Event::Fork { parent: Process(0), child: Process(1) }]));
}

#[test]
fn reading_goes_on_after_a_bad_line() {
    let read: Vec<_> = events("spawn 0\nspan 1\nspawn 2").collect();
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

fn complaint(text: &str) -> String {
    let error = events(text).find_map(Result::err);
    error.expect("something is wrong").to_string()
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_mend() {
    let cases = [
        ("\n  jump 3", "line 2, column 3: `jump` is out of place; write an event: "),
        ("spawn", "line 1, column 6: the line ends too early; add a process number"),
        (
            "spawn 65536",
            "column 7: `65536` is out of place; write a process number from 0 to 65535",
        ),
        ("spawn +1", "column 7: `+1` is out of place; write a process number"),
        ("spawn 0x+1", "column 7: `0x+1` is out of place; write a process number"),
        ("spawn 1 2", "column 9: `2` is too much; delete it"),
        ("fork 0 3", "column 8: `3` is out of place; write `->`"),
        ("munmap 0 0x10", "write a first page and a number of pages, such as `0x10000+16`"),
        ("mmap 0 1+1 here", "write `fixed`, `vacant` or `anywhere`"),
        ("mmap 0 1+1 fixed file", "write `private`, `shared`, `private-object` or `shared-object`"),
        ("mmap 0 1+1 fixed shared-object 2", "write an object and the first of its pages"),
        ("mmap 0 1+1 fixed private rx", "write `ro` or `rw`"),
        ("mmap 0 1+1 fixed private rw large", "write `small` or `huge`"),
        ("mmap 0 1+1 fixed private rw huge heap", "write the end of the line, or `stack`"),
        ("mremap 0 1+1 -> many", "write a number of pages, such as `16`"),
        ("mremap 0 1+1 -> 2 away", "write `in-place`, `anywhere`, `to` with a page"),
        ("mremap 0 1+1 -> 2 to", "the line ends too early; add a page number"),
        ("touch 0 5 execute", "write `read` or `write`"),
        ("frame squeeze 0 5", "write find, unmap, migrate,"),
        ("compact-block 10", "write an order from 1 to 9, such as `4`"),
        ("reclaim 4294967296", "write a number of frames"),
        ("create 1 pipe 5", "write `file` or `segment`"),
        ("truncate one 5", "write an object number from 0 to 65535"),
        ("calibrate sleep 0 5", "write empty, invlpg,"),
    ];
    for (text, expected) in cases {
        let complaint = complaint(text);
        assert!(complaint.contains(expected), "{text:?}: {complaint}");
    }
}

#[test]
fn columns_count_characters() {
    assert!(complaint("ü spawn").starts_with("line 1, column 1"));
    assert!(complaint("spawn 0 ü ä").starts_with("line 1, column 9"));
}
