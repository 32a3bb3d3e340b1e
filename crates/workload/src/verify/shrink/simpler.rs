//! Events that say the same with less.

use std::vec::Vec;

use vm::{Access, Growth, PageRange, PageSize, Protection};

use crate::{Event, Process, Source};

/// Events that differ from `event` in one thing and are simpler, the simplest first.
pub(super) fn simpler(event: &Event) -> Vec<Event> {
    let mut all = by_an_elder(event);
    all.extend(with_less(event));
    all
}

/// The same by a process with a smaller number.
fn by_an_elder(event: &Event) -> Vec<Event> {
    let mut actor = None;
    with_processes(*event, &mut |process| *actor.get_or_insert(process));
    let elders = (0..actor.map_or(0, |actor| actor.0)).map(Process);
    let instead = |elder| {
        with_processes(*event, &mut |process| if Some(process) == actor { elder } else { process })
    };
    elders.map(instead).collect()
}

fn with_less(event: &Event) -> Vec<Event> {
    match *event {
        Event::Mmap { process, range, place, source, protection, page_size, growth } => {
            let with = |range, source, protection, page_size, growth| Event::Mmap {
                process,
                range,
                place,
                source,
                protection,
                page_size,
                growth,
            };
            let mut all = Vec::new();
            let sources = plainer_sources(source);
            all.extend(
                sources.into_iter().map(|it| with(range, it, protection, page_size, growth)),
            );
            if page_size == PageSize::Huge {
                all.push(with(range, source, protection, PageSize::Small, growth));
            }
            if growth == Growth::Down {
                all.push(with(range, source, protection, page_size, Growth::Fixed));
            }
            if protection == Protection::ReadOnly {
                all.push(with(range, source, Protection::ReadWrite, page_size, growth));
            }
            let ranges = smaller_ranges(range);
            all.extend(ranges.map(|it| with(it, source, protection, page_size, growth)));
            all
        }
        Event::Munmap { process, range } => {
            smaller_ranges(range).map(|range| Event::Munmap { process, range }).collect()
        }
        Event::Mprotect { process, range, protection } => smaller_ranges(range)
            .map(|range| Event::Mprotect { process, range, protection })
            .collect(),
        Event::Mlock { process, range, locking } => {
            smaller_ranges(range).map(|range| Event::Mlock { process, range, locking }).collect()
        }
        Event::Mremap { process, range, pages, to } => {
            let both = smaller(range.pages, 1).filter(|_| pages == range.pages);
            let both = both.map(|pages| (PageRange { pages, ..range }, pages));
            let from = smaller_ranges(range).map(|range| (range, pages));
            let size = smaller(pages, 1).map(|pages| (range, pages));
            let all = both.chain(from).chain(size);
            all.map(|(range, pages)| Event::Mremap { process, range, pages, to }).collect()
        }
        Event::Brk { process, pages } => {
            smaller(pages, 0).map(|pages| Event::Brk { process, pages }).collect()
        }
        Event::Touch { process, page, access: Access::Write } => {
            [Event::Touch { process, page, access: Access::Read }].to_vec()
        }
        Event::Reclaim { frames } => {
            let fewer = smaller(u64::from(frames), 1);
            fewer.map(|frames| Event::Reclaim { frames: frames as u32 }).collect()
        }
        Event::CompactBlock { order } => {
            let lower = smaller(u64::from(order), 1);
            lower.map(|order| Event::CompactBlock { order: order as u32 }).collect()
        }
        Event::CreateObject { object, kind, pages } => {
            smaller(pages, 1).map(|pages| Event::CreateObject { object, kind, pages }).collect()
        }
        Event::TruncateObject { object, pages } => {
            smaller(pages, 0).map(|pages| Event::TruncateObject { object, pages }).collect()
        }
        _ => Vec::new(),
    }
}

/// `events` with processes numbered as they appear, unless they are already.
pub(super) fn renumbered(events: &[Event]) -> Option<Vec<Event>> {
    let mut order: Vec<Process> = Vec::new();
    let mut renumber = |process: Process| {
        let known = order.iter().position(|known| *known == process);
        let index = known.unwrap_or_else(|| {
            order.push(process);
            order.len() - 1
        });
        Process(index as u16)
    };
    let renumbered: Vec<_> =
        events.iter().map(|event| with_processes(*event, &mut renumber)).collect();
    (renumbered != events).then_some(renumbered)
}

fn with_processes(mut event: Event, renumber: &mut impl FnMut(Process) -> Process) -> Event {
    match &mut event {
        Event::Fork { parent, child } => {
            *parent = renumber(*parent);
            *child = renumber(*child);
        }
        Event::Spawn { process }
        | Event::Exec { process }
        | Event::Exit { process }
        | Event::Mmap { process, .. }
        | Event::Munmap { process, .. }
        | Event::Mprotect { process, .. }
        | Event::Mremap { process, .. }
        | Event::Brk { process, .. }
        | Event::Mlock { process, .. }
        | Event::Touch { process, .. }
        | Event::OnFrame { process, .. }
        | Event::Calibrate { process, .. } => *process = renumber(*process),
        Event::Survey
        | Event::Phase(_)
        | Event::CompactBlock { .. }
        | Event::Reclaim { .. }
        | Event::CreateObject { .. }
        | Event::TruncateObject { .. }
        | Event::RemoveObject { .. } => {}
    }
    event
}

fn plainer_sources(source: Source) -> Vec<Source> {
    let private = (source != Source::Private).then_some(Source::Private);
    let at_start = match source {
        Source::PrivateObject { object, offset } if offset > 0 => {
            Some(Source::PrivateObject { object, offset: 0 })
        }
        Source::SharedObject { object, offset } if offset > 0 => {
            Some(Source::SharedObject { object, offset: 0 })
        }
        _ => None,
    };
    private.into_iter().chain(at_start).collect()
}

fn smaller_ranges(range: PageRange) -> impl Iterator<Item = PageRange> {
    let shorter = smaller(range.pages, 1).map(move |pages| PageRange { pages, ..range });
    let later =
        (range.pages > 1).then(|| PageRange { start: range.start.plus(1), pages: range.pages - 1 });
    shorter.chain(later)
}

/// `least`, half of it, one less: those that are smaller than `number`.
fn smaller(number: u64, least: u64) -> impl Iterator<Item = u64> {
    let fewer = [least, number / 2, number.saturating_sub(1)];
    fewer.into_iter().filter(move |it| (least..number).contains(it))
}
