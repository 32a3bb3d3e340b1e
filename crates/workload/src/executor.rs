//! Applies events to a VM and times each operation. Nothing but the operation itself lies between
//! the two readings of the stopwatch.

use core::fmt;

use rmap::{OutOfMemory, PageIndex, Scheme, SpaceId};
use vm::{Access, FaultKind, FaultRefused, Machine, MapError, VirtualAddress, Vm, WhenIncomplete};

use crate::{Event, Op, Primitive, Process, Recorder};

/// Why an event could not be applied. None of them changes the VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventError {
    /// The process does not exist, or exists already.
    BadProcess(Process),
    /// Nothing is mapped at the page.
    NotMapped(Process, PageIndex),
    /// The access is illegal.
    Segfault(Process, PageIndex),
    /// The range cannot be mapped.
    BadRange(Process),
    /// Memory ran out.
    OutOfMemory,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadProcess(process) => {
                write!(f, "process {} does not exist, or exists already", process.0)
            }
            Self::NotMapped(process, page) => {
                write!(f, "process {} has nothing mapped at page {:#x}", process.0, page.0)
            }
            Self::Segfault(process, page) => {
                write!(f, "process {} may not access page {:#x}", process.0, page.0)
            }
            Self::BadRange(process) => write!(f, "process {} cannot map that range", process.0),
            Self::OutOfMemory => f.write_str("memory ran out"),
        }
    }
}

impl From<OutOfMemory> for EventError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// A VM under a workload.
pub(crate) struct Executor<'v, 'm, 's, S: Scheme, M: Machine> {
    vm: &'v Vm<'m, S, M>,
    policy: WhenIncomplete,
    processes: &'s mut [Option<SpaceId>],
    recorder: Recorder<'s>,
}

impl<'v, 'm, 's, S: Scheme, M: Machine> Executor<'v, 'm, 's, S, M> {
    pub(crate) fn new(
        vm: &'v Vm<'m, S, M>,
        policy: WhenIncomplete,
        processes: &'s mut [Option<SpaceId>],
        recorder: Recorder<'s>,
    ) -> Self {
        processes.fill(None);
        Self { vm, policy, processes, recorder }
    }

    pub(crate) fn into_recorder(self) -> Recorder<'s> {
        self.recorder
    }

    /// Applies one event.
    pub(crate) fn apply(&mut self, event: Event) -> Result<(), EventError> {
        match event {
            Event::Spawn { process } => self.spawn(process),
            Event::Mmap { process, range } => {
                let space = self.space(process)?;
                let mapped = self.timed(Op::Mmap, |vm| vm.mmap(space, range));
                mapped.map(drop).map_err(|error| match error {
                    MapError::BadRange => EventError::BadRange(process),
                    MapError::OutOfMemory => EventError::OutOfMemory,
                })
            }
            Event::Fork { parent, child } => self.fork(parent, child),
            Event::Exit { process } => self.exit(process),
            Event::Touch { process, page, access } => self.touch(process, page, access),
            Event::Find { process, page } => self.find(process, page),
            Event::UnmapFrame { process, page } => self.unmap_frame(process, page),
            Event::Calibrate { primitive, process, page } => {
                self.calibrate(primitive, process, page)
            }
        }
    }

    fn timed<R>(&mut self, op: Op, operation: impl FnOnce(&Vm<'m, S, M>) -> R) -> R {
        let vm = self.vm;
        let start = vm.machine().now();
        let result = operation(vm);
        let end = vm.machine().now();
        self.recorder.record(op, end.since(start));
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
        let start = vm.machine().now();
        let touched = vm.touch(address, access, page.0);
        let end = vm.machine().now();
        let touched = touched.map_err(|refused| match refused {
            FaultRefused::Segfault => EventError::Segfault(process, page),
            FaultRefused::OutOfMemory => EventError::OutOfMemory,
        })?;
        if let Some(op) = touched.fault.and_then(fault_op) {
            self.recorder.record(op, end.since(start));
        }
        Ok(())
    }

    fn find(&mut self, process: Process, page: PageIndex) -> Result<(), EventError> {
        let space = self.space(process)?;
        let frame = self.vm.frame_at(space, page).ok_or(EventError::NotMapped(process, page))?;
        let policy = self.policy;
        let found = self.timed(Op::Find, |vm| vm.find(frame, policy));
        self.recorder.add_work(Op::Find, found.probes);
        Ok(())
    }

    fn unmap_frame(&mut self, process: Process, page: PageIndex) -> Result<(), EventError> {
        let space = self.space(process)?;
        let frame = self.vm.frame_at(space, page).ok_or(EventError::NotMapped(process, page))?;
        let policy = self.policy;
        let unmapped = self.timed(Op::UnmapFrame, |vm| vm.unmap_frame(frame, policy));
        self.recorder.add_work(Op::UnmapFrame, unmapped.probes);
        Ok(())
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
        }
        Ok(())
    }
}

/// The op of a fault; a spurious one is nobody's work.
const fn fault_op(kind: FaultKind) -> Option<Op> {
    match kind {
        FaultKind::ZeroFill => Some(Op::FaultZero),
        FaultKind::CopyOnWrite => Some(Op::FaultCow),
        FaultKind::Reuse => Some(Op::FaultReuse),
        FaultKind::Spurious => None,
    }
}
