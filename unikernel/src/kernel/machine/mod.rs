//! The real machine, as the VM sees it.

mod access;
pub mod faults;
mod frames;
pub mod steps;
mod stopwatch;
mod tagged;
pub mod timing;

use core::fmt::Display;
use core::sync::atomic::{AtomicU64, Ordering};

use rmap::{Frame, PageIndex};
use vm::{
    Access, AccessError, Arena, CounterReading, CpuId, FaultHandler, Flushed, Machine,
    MachineCounter, MachineCounters, TaggedFlush, Ticks, VirtualAddress,
};
use x86_64::VirtAddr;
use x86_64::instructions::tlb;

use super::cpu::control::load_root;
use super::cpu::counters::Counters;
use super::cpu::features::Features;
use super::memory::KernelRoot;
pub use stopwatch::now;

/// One CPU and an arena.
#[derive(Debug)]
pub struct Hardware {
    arena: Arena,
    kernel_root: KernelRoot,
    /// What is in CR3.
    loaded: AtomicU64,
    features: Features,
    counters: Counters,
}

impl Hardware {
    /// A machine whose VM owns `arena`, with no workload's tables loaded.
    pub fn new(arena: Arena, kernel_root: KernelRoot) -> Self {
        kernel_root.load();
        let loaded = AtomicU64::new(kernel_root.physical());
        let (features, counters) = (Features::read(), Counters::start());
        Self { arena, kernel_root, loaded, features, counters }
    }

    fn is_loaded(&self, root: Frame) -> bool {
        self.loaded.load(Ordering::Relaxed) == self.arena.physical(root).0
    }
}

impl Machine for Hardware {
    fn arena(&self) -> &Arena {
        &self.arena
    }

    fn cpu(&self) -> CpuId {
        CpuId(0)
    }

    fn prepare_root(&self, root: Frame) {
        let entries = self.kernel_root.upper_entries();
        let words = self.arena.words(root);
        let upper = &words[words.len() - entries.len()..];
        for (word, &entry) in upper.iter().zip(entries) {
            word.store(entry, Ordering::Relaxed);
        }
    }

    #[inline]
    fn activate(&self, root: Option<Frame>) {
        let physical = root.map_or(self.kernel_root.physical(), |root| self.arena.physical(root).0);
        // SAFETY: every root shares the kernel's upper half, thanks to `prepare_root`.
        unsafe { load_root(physical) };
        self.loaded.store(physical, Ordering::Relaxed);
    }

    #[inline]
    fn flush_page(&self, root: Frame, page: PageIndex) -> Flushed {
        if !self.is_loaded(root) {
            return Flushed::Nothing;
        }
        tlb::flush(VirtAddr::new_truncate(VirtualAddress::of_page(page).0));
        Flushed::Invlpg
    }

    #[inline]
    fn flush_space(&self, root: Frame) -> Flushed {
        if !self.is_loaded(root) {
            return Flushed::Nothing;
        }
        // SAFETY: `root` is what is loaded already.
        unsafe { load_root(self.arena.physical(root).0) };
        Flushed::Cr3Load
    }

    #[inline]
    fn access(
        &self,
        address: VirtualAddress,
        access: Access,
        value: u64,
    ) -> Result<u64, AccessError> {
        access::access(address, access, value).map_err(AccessError::Refused)
    }

    #[inline]
    fn with_faults<R>(&self, handler: &dyn FaultHandler, body: impl FnOnce() -> R) -> R {
        faults::with(handler, body)
    }

    #[inline]
    fn during<R>(&self, step: &dyn Display, body: impl FnOnce() -> R) -> R {
        steps::during(step, body)
    }

    #[inline]
    fn copy_frame(&self, from: Frame, to: Frame) {
        frames::copy(self.arena.words(from), self.arena.words(to));
    }

    #[inline]
    fn zero_frame(&self, frame: Frame) {
        frames::zero(self.arena.words(frame));
    }

    fn time_flush(&self, flush: TaggedFlush, page: PageIndex) -> Option<u64> {
        tagged::time(self.features, flush, page)
    }

    fn counters(&self) -> MachineCounters {
        let mut counters = self.counters.read();
        let line_bytes = CounterReading { value: timing::line_bytes(), bits: 64 };
        counters.set(MachineCounter::LineBytesWhileTimed, Some(line_bytes));
        counters
    }

    #[inline]
    fn timing_begins(&self) {
        timing::begins();
    }

    #[inline]
    fn timing_ended(&self) {
        timing::ended();
    }

    #[inline]
    fn now(&self) -> Ticks {
        Ticks(now())
    }
}
