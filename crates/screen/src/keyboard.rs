//! What a key says: turn the page, or turn it back.

/// Where to turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To the next page, and after the last to the first.
    Forward,
    /// To the page before.
    Back,
}

/// Scan codes of set 1, as a PC's keyboard controller translates them.
const PREFIXES: [u8; 2] = [0xe0, 0xe1];
const RELEASED: u8 = 0x80;
const UP: u8 = 0x48;
const PAGE_UP: u8 = 0x49;
const LEFT: u8 = 0x4b;
const BACKSPACE: u8 = 0x0e;

impl Turn {
    /// What a byte from the keyboard controller asks for. Releasing a key asks for nothing.
    #[must_use]
    pub fn from_scan_code(code: u8) -> Option<Self> {
        match code {
            UP | PAGE_UP | LEFT | BACKSPACE => Some(Self::Back),
            _ if PREFIXES.contains(&code) || code & RELEASED != 0 => None,
            _ => Some(Self::Forward),
        }
    }

    /// The page that comes after `page` of `count`.
    #[must_use]
    pub const fn from(self, page: usize, count: usize) -> usize {
        match (self, count) {
            (_, 0) => 0,
            (Self::Forward, _) => (page + 1) % count,
            (Self::Back, _) => (page + count - 1) % count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Turn;

    #[test]
    fn a_key_counts_once() {
        const SPACE: u8 = 0x39;
        assert_eq!(Turn::from_scan_code(SPACE), Some(Turn::Forward));
        assert_eq!(Turn::from_scan_code(SPACE | 0x80), None);
        let page_up = [0xe0, 0x49, 0xe0, 0xc9].map(Turn::from_scan_code);
        assert_eq!(page_up, [None, Some(Turn::Back), None, None]);
    }

    #[test]
    fn pages_go_round() {
        assert_eq!((Turn::Forward.from(2, 3), Turn::Back.from(0, 3)), (0, 2));
        assert_eq!((Turn::Forward.from(0, 0), Turn::Back.from(0, 0)), (0, 0));
        assert_eq!((Turn::Forward.from(0, 1), Turn::Back.from(0, 1)), (0, 0));
    }
}
