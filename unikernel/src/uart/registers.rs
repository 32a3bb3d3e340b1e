//! Where a UART's eight registers are.

use core::fmt;

use crate::memory_map::Range;

const REGISTERS: u64 = 8;

/// How many bytes a load or store of a register moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessWidth {
    /// One.
    Byte,
    /// Two.
    Word,
    /// Four.
    DoubleWord,
}

impl AccessWidth {
    /// In bytes.
    pub const fn bytes(self) -> u8 {
        match self {
            Self::Byte => 1,
            Self::Word => 2,
            Self::DoubleWord => 4,
        }
    }
}

/// Where a UART's registers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UartRegisters {
    /// At consecutive I/O ports.
    Ports {
        /// The first.
        base: u16,
    },
    /// In memory.
    Memory {
        /// Physical address of the first, a multiple of the width.
        base: u64,
        /// Bytes from one to the next, at least the width.
        stride: u8,
        /// How each is accessed.
        width: AccessWidth,
    },
}

impl UartRegisters {
    /// Registers from I/O port `base` on, `None` if they would not fit below port 0x10000.
    pub fn ports(base: u16) -> Option<Self> {
        (base != 0 && base <= u16::MAX - (REGISTERS as u16 - 1)).then_some(Self::Ports { base })
    }

    /// Registers in memory, `None` if the numbers contradict each other.
    pub fn memory(base: u64, stride: u8, width: AccessWidth) -> Option<Self> {
        let fits = base.checked_add(REGISTERS * u64::from(stride)).is_some();
        let aligned =
            base.is_multiple_of(width.bytes().into()) && stride.is_multiple_of(width.bytes());
        (base != 0 && stride != 0 && fits && aligned).then_some(Self::Memory {
            base,
            stride,
            width,
        })
    }

    /// The physical addresses of registers in memory.
    pub const fn window(self) -> Option<Range> {
        match self {
            Self::Ports { .. } => None,
            Self::Memory { base, stride, .. } => {
                Some(Range::new(base, base + REGISTERS * stride as u64))
            }
        }
    }
}

impl fmt::Display for UartRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports { base } => write!(f, "{base:#x}"),
            Self::Memory { base, .. } => write!(f, "memory {base:#x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_that_do_not_fit_are_none() {
        assert_eq!(UartRegisters::ports(0x3f8), Some(UartRegisters::Ports { base: 0x3f8 }));
        assert!(UartRegisters::ports(0xfff8).is_some());
        for base in [0, 0xfff9, 0xffff] {
            assert_eq!(UartRegisters::ports(base), None, "{base:#x}");
        }
        assert_eq!(UartRegisters::memory(u64::MAX - 6, 1, AccessWidth::Byte), None);
    }

    #[test]
    fn registers_in_memory_are_aligned() {
        let memory = |base, stride| UartRegisters::memory(base, stride, AccessWidth::DoubleWord);
        assert!(memory(0xfe00_0000, 4).is_some());
        for (base, stride) in [(0xfe00_0002, 4), (0xfe00_0000, 1), (0xfe00_0000, 0), (0, 4)] {
            assert_eq!(memory(base, stride), None, "{base:#x} {stride}");
        }
    }

    #[test]
    fn the_window_holds_eight_registers() {
        let registers = UartRegisters::memory(0xfe00_0ff0, 4, AccessWidth::Word).expect("sound");
        assert_eq!(registers.window(), Some(Range::new(0xfe00_0ff0, 0xfe00_1010)));
        assert_eq!(UartRegisters::Ports { base: 0x3f8 }.window(), None);
    }
}
