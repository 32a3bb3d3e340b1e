//! What a boot loader left in memory.

use unikernel::boot_info::BootInfo;
use unikernel::memory_map::{LOW_MEMORY_END, PAGE_BYTES, Range, outside, usable};
use unikernel::options::Options;
use unikernel::physical::Physical;
use unikernel::{acpi, pvh};
use wire::Plan;

use crate::memory::Memory;

/// Where the kernel lies.
const IMAGE: Range = Range::new(2 << 20, 3 << 20);

/// The input is physical memory from address 0 on, where the `hvm_start_info` lies.
pub fn boot_information(input: &[u8]) -> usize {
    let memory = Memory::of(input);
    let mut info = BootInfo::new();
    let collected = pvh::collect(&memory, 0, &mut info);
    usize::from(collected.is_ok()) * (1 + judge(&info, &memory))
}

/// What is made of boot information in `memory`, from whichever loader; how much of it can be used.
pub(crate) fn judge(info: &BootInfo, memory: &Memory) -> usize {
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
    for module in info.modules() {
        let Range { start, .. } = module.addresses;
        let bytes =
            memory.bytes(start, module.addresses.bytes()).expect("checked by the collector");
        let _ = Plan::decode_with_trace(bytes);
    }
    let (_, complaints) = Options::read(info.command_line());
    for complaint in &complaints {
        let _ = complaint.to_string();
    }
    let _ = acpi::read(memory, info.rsdp);
    ranges.len()
}
