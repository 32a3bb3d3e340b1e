//! What the scheme and the page tables cost in memory, from real allocations.

use rmap::Scheme;

use crate::frame_table::FrameInfo;
use crate::machine::Machine;
use crate::memory::FRAME_BYTES;
use crate::vm::Vm;

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
            slabs_peak: self.slab_frames_peak() * frame,
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
