//! What a boot loader left in memory.

use unikernel::boot_info::BootInfo;
use unikernel::memory_map::{LOW_MEMORY_END, PAGE_BYTES, Range, outside, usable};
use unikernel::pvh::{self, Physical};
use wire::Plan;

/// Where the kernel lies.
const IMAGE: Range = Range::new(2 << 20, 3 << 20);

/// Memory behind the input, all zeros, so that a short input is no reason to give up.
const PADDING: usize = 8 << 10;

/// The input is physical memory from address 0 on, where the `hvm_start_info` lies.
pub fn boot_information(input: &[u8]) -> usize {
    let mut memory = Memory(input.to_vec());
    memory.0.resize(input.len() + PADDING, 0);
    let mut info = BootInfo::new();
    let collected = pvh::collect(&memory, 0, &mut info);
    let ranges = usable(&info.areas, IMAGE);
    for pair in ranges.windows(2) {
        assert!(pair[0].end <= pair[1].start, "ranges are sorted and apart");
    }
    for &range in &ranges {
        assert!(!range.is_empty() && range.start >= LOW_MEMORY_END);
        assert!([range.start, range.end].iter().all(|end| end.is_multiple_of(PAGE_BYTES)));
        assert!(range.without(IMAGE).contains(&range), "the image is not given away");
    }
    let _ = outside(IMAGE, &ranges);
    assert!(info.command_line().is_ascii());
    if let Some(module) = info.module() {
        let bytes = memory.bytes(module.start, module.bytes()).expect("checked by the collector");
        let _ = Plan::decode_with_trace(bytes);
    }
    usize::from(collected.is_ok()) * (1 + ranges.len())
}

struct Memory(Vec<u8>);

impl Physical for Memory {
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
        let end = address.checked_add(length)?;
        self.0.get(usize::try_from(address).ok()?..usize::try_from(end).ok()?)
    }
}
