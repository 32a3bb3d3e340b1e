//! A little physical memory.

use unikernel::physical::Physical;

/// Memory behind the input, all zeros, so that a short input is no reason to give up.
const PADDING: usize = 8 << 10;

/// Physical memory from address 0 on.
pub(crate) struct Memory(pub(crate) Vec<u8>);

impl Memory {
    /// Memory that begins with `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut memory = bytes.to_vec();
        memory.resize(bytes.len() + PADDING, 0);
        Self(memory)
    }
}

impl Physical for Memory {
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
        let end = address.checked_add(length)?;
        self.0.get(usize::try_from(address).ok()?..usize::try_from(end).ok()?)
    }
}
