//! Physical memory as the loader left it, and numbers in it.

/// Physical memory that can be read for as long as nobody writes to it.
pub trait Physical {
    /// `length` bytes from `address` on, or `None` if they cannot be read.
    fn bytes(&self, address: u64, length: u64) -> Option<&[u8]>;
}

/// The little-endian number of 2 bytes at `offset`.
///
/// # Panics
/// If `bytes` ends before it does, as the other two.
pub fn half(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array(bytes, offset))
}

/// The little-endian number of 4 bytes at `offset`.
pub fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array(bytes, offset))
}

/// The little-endian number of 8 bytes at `offset`.
pub fn quad(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array(bytes, offset))
}

fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    *bytes[offset..].first_chunk().expect("the caller has looked at the length")
}

/// A little physical memory for tests, readable from 0 to its end.
#[cfg(test)]
pub(crate) mod tests {
    use super::Physical;
    use std::vec::Vec;

    #[derive(Debug)]
    pub struct Bytes(pub Vec<u8>);

    impl Bytes {
        pub fn zeroed(length: usize) -> Self {
            Self(std::vec![0; length])
        }

        pub fn put(&mut self, address: u64, bytes: &[u8]) {
            let start = address as usize;
            self.0[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }

    impl Physical for Bytes {
        fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
            let end = address.checked_add(length)?;
            self.0.get(usize::try_from(address).ok()?..usize::try_from(end).ok()?)
        }
    }
}
