//! What GRUB left in memory.

use multiboot2::BootInformation;
use unikernel::boot_info::BootInfo;
use unikernel::multiboot2::collect;

use crate::boot_information::judge;
use crate::memory::Memory;

/// The input is tags in a row; it is physical memory from address 0 on as well, in which modules lie.
#[allow(unsafe_code, reason = "the crate offers no other way in")]
pub fn multiboot2(input: &[u8]) -> usize {
    let mut bytes = [&[0; 8], input, &[0, 0, 0, 0, 8, 0, 0, 0]].concat();
    // The last tag ends on a boundary of 8, behind whatever the input leaves open.
    let end = bytes.len().next_multiple_of(8);
    bytes.resize(end, 0);
    bytes[..4].copy_from_slice(&(end as u32).to_le_bytes());
    let words: Vec<u64> = bytes
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
        .collect();
    // SAFETY: `words` is aligned, has as many bytes as it says, and is not written to.
    let Ok(boot) = (unsafe { BootInformation::load(words.as_ptr().cast()) }) else { return 0 };
    let (memory, mut info) = (Memory::of(input), BootInfo::new());
    let collected = collect(&boot, &memory, &mut info);
    usize::from(collected.is_ok()) * (1 + judge(&info, &memory))
}
