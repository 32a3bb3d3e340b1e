//! Eight events about one process, one page, one object.

use rmap::PageIndex;
use vm::{Access, Locking, PageRange, Protection, Remap};

use super::pick::Picker;
use super::scene::{Focus, Scene};
use super::single::{create_object, fork, huge, stack};
use super::weights::Story;
use crate::verify::OBJECT_PAGES;
use crate::verify::windows::{HUGE, STACK};
use crate::{Event, FrameOperation, Source};

/// Event number `step` of `story`, if the world has what it takes.
pub(super) fn event(
    story: Story,
    step: usize,
    focus: &Focus,
    picker: &mut Picker<'_>,
) -> Option<Event> {
    let hero = picker.process_from(focus.process)?;
    let mut scene = Scene { picker, hero, focus };
    match story {
        Story::RoundTrip => scene.round_trip(step),
        Story::SwappedFamily => scene.swapped_family(step),
        Story::OpenMigration => scene.open_migration(step),
        Story::Shattered => scene.shattered(step),
        Story::MiddleExits => scene.middle_exits(step),
        Story::FileBothWays => scene.file_both_ways(step),
        Story::Truncated => scene.truncated(step),
        Story::Huge => scene.huge(step),
        Story::LockedFamily => scene.locked_family(step),
        Story::DeepFork => scene.deep_fork(step),
        Story::Stack => scene.stack(step),
        Story::LeftBehind => scene.left_behind(step),
        Story::Broken => scene.broken(step),
        Story::Cleaned => scene.cleaned(step),
    }
}

impl Scene<'_, '_> {
    fn round_trip(&mut self, step: usize) -> Option<Event> {
        match step {
            0 => Some(self.mmap(Source::Private)),
            1 | 6 => self.touch(self.hero, Access::Write),
            2 => self.leave(),
            3 => self.touch(self.hero, Access::Read),
            4 => self.come_home(),
            5 => fork(self.picker, self.hero),
            _ => self.on_frame(FrameOperation::Migrate),
        }
    }

    fn swapped_family(&mut self, step: usize) -> Option<Event> {
        match step {
            0 => self.touch(self.hero, Access::Write),
            1 | 4 => self.on_frame(FrameOperation::Unmap),
            2 | 5 => fork(self.picker, self.hero),
            3 => self.touch_as_relative(Access::Read),
            6 => self.touch_as_relative(Access::Write),
            _ => self.touch(self.hero, Access::Read),
        }
    }

    fn open_migration(&mut self, step: usize) -> Option<Event> {
        match step {
            0 => self.touch(self.hero, Access::Write),
            1 | 3 => fork(self.picker, self.hero),
            2 => self.on_frame(FrameOperation::BeginMigration),
            4 => match self.picker.rng.u8(..3) {
                0 => self.leave(),
                1 => Some(Event::Exit { process: self.relative()? }),
                _ => {
                    let (process, range) = (self.hero, self.area()?.range);
                    Some(Event::Mprotect { process, range, protection: Protection::ReadOnly })
                }
            },
            5 => self.touch(self.hero, Access::Read),
            6 => self.on_frame(FrameOperation::FinishMigration),
            _ => self.touch_as_relative(Access::Write),
        }
    }

    fn shattered(&mut self, step: usize) -> Option<Event> {
        let protect = |scene: &mut Self, range, protection| {
            Some(Event::Mprotect { process: scene.hero, range, protection })
        };
        let area = self.area()?;
        match step {
            0 => Some(self.mmap(Source::Private)),
            1 | 2 | 4 => {
                let part = self.picker.part(area.range);
                protect(self, part, Protection::ReadOnly)
            }
            3 => fork(self.picker, self.hero),
            5 => {
                let window = self.focus.window;
                let whole = self.mapped_run(area.range.start, window);
                protect(self, whole, Protection::ReadWrite)
            }
            6 => self.leave(),
            _ => self.touch(self.hero, Access::Write),
        }
    }

    fn middle_exits(&mut self, step: usize) -> Option<Event> {
        let middle = self.relative();
        match step {
            0 => self.touch(self.hero, Access::Write),
            1 => fork(self.picker, self.hero),
            2 | 4 => fork(self.picker, middle?),
            3 => self.touch_as_relative(Access::Write),
            5 => Some(Event::Exit { process: middle? }),
            6 => self.on_frame(FrameOperation::Unmap),
            _ => self.touch_as_relative(Access::Read),
        }
    }

    fn file_both_ways(&mut self, step: usize) -> Option<Event> {
        let Some(object) = self.object() else {
            return create_object(self.picker);
        };
        let offset = self.picker.rng.u64(..3);
        match step {
            0 => Some(self.mmap(Source::SharedObject { object, offset })),
            1 => {
                let range = PageRange { start: self.free_place(4)?, pages: 4 };
                Some(self.mmap_at(range, Source::PrivateObject { object, offset: offset + 1 }))
            }
            2 => self.touch(self.hero, Access::Write),
            5 => fork(self.picker, self.hero),
            6 => self.on_frame(FrameOperation::Unmap),
            _ => {
                let page = self.picker.page(self.hero)?;
                let access = self.picker.access();
                Some(Event::Touch { process: self.hero, page, access })
            }
        }
    }

    fn truncated(&mut self, step: usize) -> Option<Event> {
        let Some(object) = self.object() else {
            return create_object(self.picker);
        };
        match step {
            0 => Some(self.mmap(Source::PrivateObject { object, offset: 0 })),
            1 | 5 => self.touch(self.hero, Access::Write),
            2 => fork(self.picker, self.hero),
            3 => {
                let pages = self.picker.rng.u64(..4);
                Some(Event::TruncateObject { object, pages })
            }
            4 => self.touch_as_relative(Access::Read),
            6 => Some(Event::TruncateObject { object, pages: OBJECT_PAGES }),
            _ => self.touch(self.hero, Access::Read),
        }
    }

    fn huge(&mut self, step: usize) -> Option<Event> {
        let process = self.hero;
        if self.picker.page_from(process, HUGE, 0).is_none() {
            return Some(huge(self.picker, process));
        }
        let start = self.picker.rng.u64(..HUGE.pages);
        let page = self.picker.page_from(process, HUGE, start)?;
        let on_frame = |operation| Some(Event::OnFrame { operation, process, page });
        match step {
            0 | 4 => Some(Event::Touch { process, page, access: Access::Write }),
            1 => fork(self.picker, process),
            2 => Some(Event::Touch { process: self.relative()?, page, access: Access::Write }),
            3 if self.picker.rng.bool() => on_frame(FrameOperation::Split),
            3 => on_frame(FrameOperation::Unmap),
            5 => {
                let range = self.picker.shadow.area(process, page)?.range;
                let range = self.picker.part(range);
                let protection = self.picker.protection();
                let munmap = self.picker.once_in(3);
                let mprotect = Event::Mprotect { process, range, protection };
                Some(if munmap { Event::Munmap { process, range } } else { mprotect })
            }
            6 => on_frame(FrameOperation::Migrate),
            _ => Some(Event::Touch { process, page, access: Access::Read }),
        }
    }

    fn locked_family(&mut self, step: usize) -> Option<Event> {
        let range = self.area()?.range;
        let lock =
            |scene: &Self, locking| Some(Event::Mlock { process: scene.hero, range, locking });
        match step {
            0 => lock(self, Locking::Lock),
            1 => fork(self.picker, self.hero),
            2 | 4 | 7 => self.on_frame(FrameOperation::Unmap),
            3 => self.touch_as_relative(Access::Write),
            5 => Some(Event::Reclaim { frames: 8 }),
            _ => lock(self, Locking::Unlock),
        }
    }

    fn deep_fork(&mut self, step: usize) -> Option<Event> {
        let youngest = self.relative().unwrap_or(self.hero);
        match step {
            0 => self.touch(self.hero, Access::Write),
            7 => self.on_frame(FrameOperation::Find),
            _ if step % 2 == 1 => fork(self.picker, youngest),
            _ => self.touch_as_relative(Access::Write),
        }
    }

    fn stack(&mut self, step: usize) -> Option<Event> {
        let process = self.hero;
        match step {
            0 => Some(stack(self.picker, process)),
            2 => {
                let start = STACK.start.plus(self.picker.rng.u64(..STACK.pages / 2));
                Some(self.mmap_at(PageRange { start, pages: 1 }, Source::Private))
            }
            5 => fork(self.picker, process),
            _ => {
                let start = self.picker.rng.u64(..STACK.pages);
                let above = self.picker.page_from(process, STACK, start)?;
                let below = self.picker.rng.u64(..vm::STACK_WINDOW);
                let page = PageIndex(above.0 - below);
                Some(Event::Touch { process, page, access: self.picker.access() })
            }
        }
    }

    fn left_behind(&mut self, step: usize) -> Option<Event> {
        match step {
            0 => Some(self.mmap(Source::Private)),
            1 | 5 => self.touch(self.hero, Access::Write),
            2 => {
                let range = self.area()?.range;
                let to = Remap::CopyTo(self.picker.place(range.pages));
                Some(Event::Mremap { process: self.hero, range, pages: range.pages, to })
            }
            4 => fork(self.picker, self.hero),
            6 => self.on_frame(FrameOperation::Find),
            _ => self.touch(self.hero, Access::Read),
        }
    }

    fn broken(&mut self, step: usize) -> Option<Event> {
        match step {
            0 => self.touch(self.hero, Access::Write),
            1 => fork(self.picker, self.hero),
            2 => self.on_frame(FrameOperation::Unmap),
            3 => self.touch(self.hero, Access::Read),
            4 => self.on_frame(FrameOperation::Poison),
            5 => self.touch_as_relative(Access::Read),
            _ => self.touch_as_relative(Access::Write),
        }
    }

    fn cleaned(&mut self, step: usize) -> Option<Event> {
        match step {
            1 | 6 => self.on_frame(FrameOperation::WriteProtect),
            3 => self.on_frame(FrameOperation::Age),
            4 => self.touch(self.hero, Access::Read),
            _ => self.touch(self.hero, Access::Write),
        }
    }
}
