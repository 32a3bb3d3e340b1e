//! What the scheme and the page tables cost in memory, from real allocations.

use rmap::Scheme;

use crate::counters::Gauge;
use crate::frame_table::FrameInfo;
use crate::machine::Machine;
use crate::memory::FRAME_BYTES;
use crate::space::Space;
use crate::vm::Vm;
use crate::vma::Vma;

/// Bytes in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// The scheme's words beside every frame.
    pub bytes_per_frame: u64,
    /// The scheme's metadata frames at their peak, in bytes.
    pub metadata_peak: u64,
    /// All that the scheme keeps, at its peak: its words beside every frame and its metadata frames.
    pub scheme_peak: u64,
    /// The most pages that were mapped at once.
    pub mappings_peak: u64,
    /// All page-table pages at their peak, in bytes.
    pub page_tables_peak: u64,
    /// Address spaces and VMAs at their peak, the scheme's words in them included, in bytes.
    pub slabs_peak: u64,
    /// The scheme's words in every VMA.
    pub bytes_per_vma: u64,
    /// The scheme's words in every address space.
    pub bytes_per_space: u64,
}

/// Bytes in use at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryInUse {
    /// The scheme's metadata frames.
    pub metadata: u64,
    /// All page-table pages.
    pub page_tables: u64,
    /// Address spaces and VMAs, the scheme's words in them included.
    pub slabs: u64,
    /// Pages that are mapped, each as often as it is; a number and not bytes.
    pub mappings: u64,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// What has been in use since the VM began.
    pub fn footprint(&self) -> Footprint {
        let frame = FRAME_BYTES as u64;
        // What the frame's structure grows by, padding included.
        let plain = size_of::<FrameInfo<()>>();
        let bytes_per_frame = (size_of::<FrameInfo<S::FrameState>>() - plain) as u64;
        let metadata_peak = self.metadata.peak() * frame;
        Footprint {
            bytes_per_frame,
            metadata_peak,
            scheme_peak: metadata_peak + bytes_per_frame * u64::from(self.frames.count()),
            mappings_peak: self.mapped_pages.peak(),
            page_tables_peak: self.page_tables.peak() * frame,
            slabs_peak: self.slab_frames().map(Gauge::peak).iter().sum::<u64>() * frame,
            bytes_per_vma: (size_of::<Vma<S::VmaState>>() - size_of::<Vma<()>>()) as u64,
            bytes_per_space: (size_of::<Space<S::SpaceState>>() - size_of::<Space<()>>()) as u64,
        }
    }

    /// What is in use now.
    pub fn memory_in_use(&self) -> MemoryInUse {
        let frame = FRAME_BYTES as u64;
        MemoryInUse {
            metadata: self.metadata.now() * frame,
            page_tables: self.page_tables.now() * frame,
            slabs: self.slab_frames().map(Gauge::now).iter().sum::<u64>() * frame,
            mappings: self.mapped_pages.now(),
        }
    }

    /// Swap slots that nobody names.
    pub fn free_swap_slots(&self) -> u32 {
        self.swap.free_slots()
    }

    /// Frames that nobody uses.
    pub fn free_frames(&self) -> u32 {
        self.frames.free_frames()
    }
}
