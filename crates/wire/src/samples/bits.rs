//! Codes of equal width, one behind another without a gap, the lowest bit first.

/// The widest code: with the seven bits that may stand before it in a byte it fits a `u64`.
pub(super) const MAX_WIDTH: u32 = 56;

/// How many bytes `count` codes take.
pub(super) const fn bytes(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// The code that says "this much or more": all ones. Without any bits, every code does.
pub(super) const fn escape(width: u32) -> u64 {
    (1 << width) - 1
}

/// Puts a code at its place, where all bits are 0.
pub(super) fn put(codes: &mut [u8], place: usize, width: u32, code: u64) {
    let first = place * width as usize;
    let shifted = (code << (first % 8)).to_le_bytes();
    for (byte, part) in codes[first / 8..].iter_mut().zip(shifted) {
        *byte |= part;
    }
}

/// The code at a place.
pub(super) fn get(codes: &[u8], place: usize, width: u32) -> u64 {
    let first = place * width as usize;
    let mut window = [0; 8];
    for (byte, &part) in window.iter_mut().zip(&codes[first / 8..]) {
        *byte = part;
    }
    u64::from_le_bytes(window) >> (first % 8) & escape(width)
}
