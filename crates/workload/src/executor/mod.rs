//! Applies events to a VM and times each operation. Nothing but the operation itself lies between
//! the two readings of the stopwatch.

mod compact;
mod error;
mod frames;
mod picks;
mod replay;
mod step;
mod stopwatch;

use rmap::{Frame, PageIndex, Scheme, SpaceId};
use vm::{
    Access, Backing, FaultKind, FaultRefused, Machine, MapRequest, Migration, ObjectId, PageRange,
    Placement, TaggedFlush, VirtualAddress, Vm, WhenIncomplete,
};

pub use error::EventError;
pub(crate) use picks::Picks;
use step::Step;
use stopwatch::Stopwatch;

use crate::event::{Object, Place, Source};
use crate::{Event, Op, Primitive, Process, Recorder};

/// The most migrations that are open at once.
const MOST_MIGRATIONS: usize = 4;

/// Processes and objects by number.
pub(crate) type Tables<'s> = (&'s mut [Option<SpaceId>], &'s mut [Option<ObjectId>]);

/// A VM under a workload.
pub(crate) struct Executor<'v, 'm, 's, S: Scheme, M: Machine> {
    vm: &'v Vm<'m, S, M>,
    policy: WhenIncomplete,
    processes: &'s mut [Option<SpaceId>],
    objects: &'s mut [Option<ObjectId>],
    migrations: [Option<(Frame, Migration)>; MOST_MIGRATIONS],
    picks: Picks<'s>,
    recorder: Recorder<'s>,
    events: u64,
}

impl<'v, 'm, 's, S: Scheme, M: Machine> Executor<'v, 'm, 's, S, M> {
    pub(crate) fn new(
        vm: &'v Vm<'m, S, M>,
        policy: WhenIncomplete,
        (processes, objects): Tables<'s>,
        picks: Picks<'s>,
        recorder: Recorder<'s>,
    ) -> Self {
        processes.fill(None);
        objects.fill(None);
        let migrations = [const { None }; MOST_MIGRATIONS];
        Self { vm, policy, processes, objects, migrations, picks, recorder, events: 0 }
    }

    /// Ends what is open, so that the VM can be torn down.
    pub(crate) fn finish(mut self) -> Recorder<'s> {
        self.recorder.finish(self.vm.memory_in_use());
        for (_, migration) in self.migrations.into_iter().flatten() {
            self.vm.finish_migration(migration);
        }
        for object in self.objects.iter_mut().filter_map(Option::take) {
            self.vm.remove_object(object);
        }
        self.recorder
    }

    /// Applies one event of a workload, which must make sense where it stands.
    pub(crate) fn carry_out(&mut self, event: Event) -> Result<(), EventError> {
        self.step(event, Self::apply)
    }

    /// Has the machine know what is being done.
    fn step<R>(&mut self, event: Event, body: impl FnOnce(&mut Self, Event) -> R) -> R {
        let machine = self.vm.machine();
        let step = Step { number: self.events, phase: self.recorder.phase(), event: &event };
        self.events += 1;
        machine.during(&step, || body(self, event))
    }

    /// Applies one event.
    fn apply(&mut self, event: Event) -> Result<(), EventError> {
        match event {
            Event::Spawn { process } => self.spawn(process),
            Event::Fork { parent, child } => self.fork(parent, child),
            Event::Exec { process } => self.exec(process),
            Event::Exit { process } => self.exit(process),
            Event::Mmap { process, range, place, source, protection, page_size, growth } => {
                let placement = match place {
                    Place::Fixed => Placement::Fixed(range.start),
                    Place::Vacant => Placement::Vacant(range.start),
                    Place::Anywhere => Placement::Anywhere,
                };
                let backing = self.backing(source)?;
                let pages = range.pages;
                let request =
                    MapRequest { placement, pages, backing, protection, page_size, growth };
                self.map(process, Op::Mmap, |vm, space| vm.mmap(space, &request).map(|_| 0))
            }
            Event::Munmap { process, range } => {
                self.map(process, Op::Munmap, |vm, space| vm.munmap(space, range))
            }
            Event::Mprotect { process, range, protection } => {
                self.mprotect(process, range, protection)
            }
            Event::Mremap { process, range, pages, to } => {
                let moved = self.vm.counters().ptes_moved.get();
                self.map(process, Op::Mremap, |vm, space| {
                    vm.mremap(space, range, pages, to).map(|_| 0)
                })?;
                let moved = self.vm.counters().ptes_moved.get() - moved;
                self.recorder.add_work(Op::Mremap, moved);
                Ok(())
            }
            Event::Brk { process, pages } => {
                self.map(process, Op::Brk, |vm, space| vm.brk(space, pages).map(|()| 0))
            }
            Event::Mlock { process, range, locking } => {
                self.map(process, Op::Mlock, |vm, space| {
                    vm.mlock(space, range, locking).map(|()| 0)
                })
            }
            Event::Touch { process, page, access } => self.touch(process, page, access),
            Event::OnFrame { operation, process, page } => self.on_frame(operation, process, page),
            Event::CompactBlock { order } => {
                self.compact_block(order);
                Ok(())
            }
            Event::Survey => {
                if self.recorder.has_room_for_survey() {
                    self.recorder.add_survey(self.vm.survey());
                }
                Ok(())
            }
            Event::Phase(next) => {
                self.recorder.end_phase(self.vm.memory_in_use(), next);
                Ok(())
            }
            Event::Reclaim { frames } => {
                self.picks.prepare(self.vm);
                let freed = self.timed(Op::Reclaim, |vm| vm.reclaim(frames));
                self.recorder.add_work(Op::Reclaim, freed.into());
                self.picks.judge(self.vm, &mut self.recorder);
                Ok(())
            }
            Event::CreateObject { object, kind, pages } => {
                let vm = self.vm;
                let slot = self.vacant_object(object)?;
                *slot = Some(vm.create_object(kind, pages)?);
                Ok(())
            }
            Event::TruncateObject { object, pages } => {
                let id = self.object(object)?;
                self.timed(Op::Truncate, |vm| vm.truncate_object(id, pages));
                Ok(())
            }
            Event::RemoveObject { object } => {
                let id = self.object(object)?;
                self.objects[usize::from(object.0)] = None;
                self.vm.remove_object(id);
                Ok(())
            }
            Event::Calibrate { primitive, process, page } => {
                self.calibrate(primitive, process, page)
            }
        }
    }

    fn timed<R>(&mut self, op: Op, operation: impl FnOnce(&Vm<'m, S, M>) -> R) -> R {
        let vm = self.vm;
        let stopwatch = Stopwatch::start(vm.machine());
        let result = operation(vm);
        let ticks = stopwatch.stop();
        self.recorder.record(op, ticks);
        result
    }

    fn space(&self, process: Process) -> Result<SpaceId, EventError> {
        let slot = self.processes.get(usize::from(process.0));
        slot.copied().flatten().ok_or(EventError::BadProcess(process))
    }

    /// The slot of a process that does not exist yet.
    fn vacant(&mut self, process: Process) -> Result<&mut Option<SpaceId>, EventError> {
        match self.processes.get_mut(usize::from(process.0)) {
            Some(slot @ None) => Ok(slot),
            _ => Err(EventError::BadProcess(process)),
        }
    }

    fn object(&self, object: Object) -> Result<ObjectId, EventError> {
        let slot = self.objects.get(usize::from(object.0));
        slot.copied().flatten().ok_or(EventError::BadObject(object))
    }

    /// The slot of an object that does not exist yet.
    fn vacant_object(&mut self, object: Object) -> Result<&mut Option<ObjectId>, EventError> {
        match self.objects.get_mut(usize::from(object.0)) {
            Some(slot @ None) => Ok(slot),
            _ => Err(EventError::BadObject(object)),
        }
    }

    fn backing(&self, source: Source) -> Result<Backing, EventError> {
        Ok(match source {
            Source::Private => Backing::Private,
            Source::Shared => Backing::Shared,
            Source::PrivateObject { object, offset } => {
                Backing::PrivateObject { object: self.object(object)?, offset }
            }
            Source::SharedObject { object, offset } => {
                Backing::SharedObject { object: self.object(object)?, offset }
            }
        })
    }

    /// Times an operation on an address space that can be refused and that counts PTEs.
    fn map(
        &mut self,
        process: Process,
        op: Op,
        operation: impl FnOnce(&Vm<'m, S, M>, SpaceId) -> Result<u64, vm::MapError>,
    ) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let done = self.timed(op, |vm| operation(vm, space));
        let ptes = done.map_err(|why| EventError::Map(process, why))?;
        self.recorder.add_work(op, ptes);
        Ok(())
    }

    /// An `mprotect` that has to cut areas is an operation of its own in results.
    fn mprotect(
        &mut self,
        process: Process,
        range: PageRange,
        protection: vm::Protection,
    ) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let vm = self.vm;
        let splits = vm.counters().vma_splits.get();
        let stopwatch = Stopwatch::start(vm.machine());
        let done = vm.mprotect(space, range, protection);
        let ticks = stopwatch.stop();
        done.map_err(|why| EventError::Map(process, why))?;
        let cut = vm.counters().vma_splits.get() > splits;
        let op = if cut { Op::VmaSplit } else { Op::Mprotect };
        self.recorder.record(op, ticks);
        Ok(())
    }

    fn activate(&self, space: SpaceId) {
        if self.vm.active() != Some(space) {
            self.vm.activate(space);
        }
    }

    fn spawn(&mut self, process: Process) -> Result<(), EventError> {
        let vm = self.vm;
        let slot = self.vacant(process)?;
        *slot = Some(vm.create_space()?);
        Ok(())
    }

    fn fork(&mut self, parent: Process, child: Process) -> Result<(), EventError> {
        let space = self.space(parent)?;
        self.vacant(child)?;
        // A process forks itself: its tables are loaded, so its translations must be flushed.
        self.activate(space);
        let forked = self.timed(Op::Fork, |vm| vm.fork(space))?;
        self.recorder.add_work(Op::Fork, forked.ptes);
        *self.vacant(child)? = Some(forked.child);
        Ok(())
    }

    fn exec(&mut self, process: Process) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let fresh = self.timed(Op::Exec, |vm| vm.exec(space))?;
        self.processes[usize::from(process.0)] = Some(fresh);
        Ok(())
    }

    fn exit(&mut self, process: Process) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let cleared = self.timed(Op::Exit, |vm| vm.exit(space));
        self.recorder.add_work(Op::Exit, cleared);
        self.processes[usize::from(process.0)] = None;
        Ok(())
    }

    fn touch(
        &mut self,
        process: Process,
        page: PageIndex,
        access: Access,
    ) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let vm = self.vm;
        let address = VirtualAddress::of_page(page);
        let stopwatch = Stopwatch::start(vm.machine());
        let touched = vm.touch(address, access, page.0);
        let ticks = stopwatch.stop();
        let touched = touched.map_err(|refused| match refused {
            FaultRefused::OutOfMemory => EventError::OutOfMemory,
            refused => EventError::Access(process, page, refused),
        })?;
        if let Some(op) = touched.fault.and_then(fault_op) {
            self.recorder.record(op, ticks);
        }
        if self.picks.is_watching() {
            self.note_use(space, page);
        }
        Ok(())
    }

    /// Remembers that the page behind `page` was used just now.
    #[cold]
    fn note_use(&mut self, space: SpaceId, page: PageIndex) {
        if let Some(frame) = self.vm.frame_at(space, page) {
            self.picks.used(frame);
        }
    }

    fn calibrate(
        &mut self,
        primitive: Primitive,
        process: Process,
        page: PageIndex,
    ) -> Result<(), EventError> {
        let space = self.space(process)?;
        self.activate(space);
        let frame = self.vm.frame_at(space, page).ok_or(EventError::NotMapped(process, page))?;
        match primitive {
            Primitive::Empty => self.timed(Op::Empty, |_| ()),
            Primitive::Invlpg => self.timed(Op::Invlpg, |vm| vm.flush_page(space, page)),
            Primitive::Cr3Reload => self.timed(Op::Cr3Reload, |vm| vm.flush_space(space)),
            Primitive::PageCopy => {
                let other = page.plus(1);
                let from =
                    self.vm.frame_at(space, other).ok_or(EventError::NotMapped(process, other))?;
                self.timed(Op::PageCopy, |vm| vm.machine().copy_frame(from, frame));
            }
            Primitive::PageZero => self.timed(Op::PageZero, |vm| vm.machine().zero_frame(frame)),
            Primitive::PteCopyFloor => {
                let floor = self.vm.begin_pte_copy_floor(space, page)?;
                let floor = floor.ok_or(EventError::NotMapped(process, page))?;
                let ptes = self.timed(Op::PteCopyFloor, |vm| vm.copy_ptes(&floor));
                self.recorder.add_work(Op::PteCopyFloor, ptes);
                self.vm.end_pte_copy_floor(floor);
            }
            Primitive::Cr3ReloadPcid => {
                self.time_flush(Op::Cr3ReloadPcid, TaggedFlush::Cr3Keeping, page);
            }
            Primitive::Cr3ReloadPcidFlush => {
                self.time_flush(Op::Cr3ReloadPcidFlush, TaggedFlush::Cr3Dropping, page);
            }
            Primitive::InvpcidOne => {
                self.time_flush(Op::InvpcidOne, TaggedFlush::InvpcidOne, page);
            }
            Primitive::InvpcidAll => {
                self.time_flush(Op::InvpcidAll, TaggedFlush::InvpcidAll, page);
            }
        }
        Ok(())
    }

    /// A flush that the machine lacks leaves no sample.
    fn time_flush(&mut self, op: Op, flush: TaggedFlush, page: PageIndex) {
        if let Some(ticks) = self.vm.machine().time_flush(flush, page) {
            self.recorder.record(op, ticks);
        }
    }
}

/// The op of a fault; a spurious one is nobody's work.
const fn fault_op(kind: FaultKind) -> Option<Op> {
    match kind {
        FaultKind::ZeroFill => Some(Op::FaultZero),
        FaultKind::SharedZero => Some(Op::FaultZeroShared),
        FaultKind::CopyOnWrite => Some(Op::FaultCow),
        FaultKind::Reuse => Some(Op::FaultReuse),
        FaultKind::SwapIn => Some(Op::FaultSwap),
        FaultKind::Object => Some(Op::FaultFile),
        FaultKind::Stack => Some(Op::FaultStack),
        FaultKind::HugeZeroFill => Some(Op::FaultZeroHuge),
        FaultKind::HugeCopyOnWrite => Some(Op::FaultCowHuge),
        FaultKind::Spurious => None,
    }
}
