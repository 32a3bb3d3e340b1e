//! What the VM asks of the machine under it.
//!
//! Two implementations: the real one in `unikernel` (CR3, INVLPG, the IDT, RDTSC) and the modelled
//! one in `crates/model` (an arena in a host process and a software TLB).

use core::fmt;
use core::panic::Location;

use rmap::{Frame, PageIndex};

use crate::MachineCounters;
use crate::memory::Arena;

/// A virtual address in the lower half, which belongs to the workloads' address spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualAddress(pub u64);

impl VirtualAddress {
    /// The page that holds this address.
    #[must_use]
    pub const fn page(self) -> PageIndex {
        PageIndex(self.0 >> 12)
    }

    /// The first address of `page`.
    #[must_use]
    pub const fn of_page(page: PageIndex) -> Self {
        Self(page.0 << 12)
    }
}

/// A physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhysicalAddress(pub u64);

/// A logical CPU, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuId(pub u16);

/// A reading of the machine's clock; only differences mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub u64);

impl Ticks {
    /// Ticks from `earlier` to `self`, 0 if the clock went backwards.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What a workload does to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// A load of 8 bytes.
    Read,
    /// A store of 8 bytes.
    Write,
}

/// A page fault as the CPU reports it (Intel SDM vol. 3A, 6.15, interrupt 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// CR2.
    pub address: VirtualAddress,
    /// Error code bit 1.
    pub access: Access,
}

/// Why a fault could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultRefused {
    /// No VMA covers the address, or it forbids the access.
    Segfault,
    /// No frame or no metadata for it was left.
    OutOfMemory,
    /// The page lies past the end of its object (SIGBUS).
    BeyondEnd,
    /// The page's memory was broken (SIGBUS).
    Poisoned,
    /// The page is on its way to another frame: try again later.
    Migrating,
}

impl fmt::Display for FaultRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Segfault => "nothing is mapped there, or it forbids the access",
            Self::OutOfMemory => "memory ran out",
            Self::BeyondEnd => "the page lies past the end of its object",
            Self::Poisoned => "the page's memory was broken",
            Self::Migrating => "the page is on its way to another frame",
        })
    }
}

/// Why an access did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// The machine delivers faults by return value: resolve this one and access again.
    Raised(PageFault),
    /// The machine delivered the fault to its handler, which refused.
    Refused(FaultRefused),
}

/// Receives page faults; the VM is the one implementation.
pub trait FaultHandler: Sync {
    /// Resolves `fault`, so that the access can be made again.
    ///
    /// # Errors
    /// The access is illegal, or memory ran out.
    fn page_fault(&self, fault: PageFault) -> Result<(), FaultRefused>;
}

/// What a flush really did, so that counters can tell the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// No CPU could have held a translation: nothing was done.
    Nothing,
    /// One INVLPG.
    Invlpg,
    /// One CR3 load.
    Cr3Load,
}

/// A flush that needs process-context identifiers (PCIDs) or INVPCID; the VM itself does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaggedFlush {
    /// A CR3 load with PCIDs on that keeps every translation (bit 63 of the operand set).
    Cr3Keeping,
    /// A CR3 load with PCIDs on that drops the translations of its PCID.
    Cr3Dropping,
    /// INVPCID of one page of one PCID.
    InvpcidOne,
    /// INVPCID of everything, global translations included.
    InvpcidAll,
}

/// A machine that the VM runs on.
///
/// Invariant: frames of [`Self::arena`] belong to the VM alone.
pub trait Machine: Sync {
    /// The frames that the VM hands out, and how to reach them.
    fn arena(&self) -> &Arena;

    /// The CPU that runs this code.
    fn cpu(&self) -> CpuId;

    /// Copies into a fresh, zeroed root table whatever must be mapped in every address space.
    fn prepare_root(&self, root: Frame);

    /// Loads `root` as this CPU's page tables (`None`: tables without any workload page) and
    /// thereby drops every translation of the lower half.
    fn activate(&self, root: Option<Frame>);

    /// Drops this CPU's translation of `page` if `root` is loaded.
    fn flush_page(&self, root: Frame, page: PageIndex) -> Flushed;

    /// Drops all of this CPU's lower-half translations if `root` is loaded.
    fn flush_space(&self, root: Frame) -> Flushed;

    /// Loads (or stores `value` to) 8 bytes at `address`, which must be 8-byte aligned and in the
    /// lower half, through the loaded page tables. Returns what was read, or `value`.
    ///
    /// # Errors
    /// See [`AccessError`]; the access has then not taken place.
    fn access(
        &self,
        address: VirtualAddress,
        access: Access,
        value: u64,
    ) -> Result<u64, AccessError>;

    /// Runs `body` while this CPU's lower-half page faults go to `handler`. Machines that deliver
    /// faults by [`AccessError::Raised`] need nothing here.
    fn with_faults<R>(&self, handler: &dyn FaultHandler, body: impl FnOnce() -> R) -> R;

    /// Runs `body`, a step that `step` describes to people. A machine that may crash or hang remembers it for
    /// its last words. Called outside of timed regions.
    #[inline]
    fn during<R>(&self, _step: &dyn fmt::Display, body: impl FnOnce() -> R) -> R {
        body()
    }

    /// Copies one frame with the machine's one copy primitive.
    fn copy_frame(&self, from: Frame, to: Frame);

    /// Zeroes one frame with the machine's one zero primitive.
    fn zero_frame(&self, frame: Frame);

    /// Whether the allocation made at `point` may succeed; tests make it fail.
    #[inline]
    fn may_allocate(&self, _point: &'static Location<'static>) -> bool {
        true
    }

    /// Ticks that `flush` takes by itself, of `page` where it is of one page, with PCIDs on for that
    /// moment. `None` where the machine has no such flush. More may be dropped than was asked for.
    fn time_flush(&self, _flush: TaggedFlush, _page: PageIndex) -> Option<u64> {
        None
    }

    /// What the machine counts beside its clock; a machine that counts nothing has nothing to read.
    /// Called outside of timed regions.
    fn counters(&self) -> MachineCounters {
        MachineCounters::default()
    }

    /// Something is about to be timed, and the clock is read next: what must not happen meanwhile can be
    /// noticed from now on.
    #[inline]
    fn timing_begins(&self) {}

    /// The clock has been read for the second time.
    #[inline]
    fn timing_ended(&self) {}

    /// The stopwatch: on hardware LFENCE; RDTSC; LFENCE, so that nothing timed drifts out of its
    /// interval (Intel SDM vol. 2B, RDTSC).
    fn now(&self) -> Ticks;
}
