//! Architectural performance monitoring, as CPUID leaf 0xA describes it (Intel SDM vol. 3B, 20.2).

/// The first version with a register that turns all counters on at once, and with fixed ones.
const FIRST_USABLE_VERSION: u32 = 2;

/// The first version in which ECX names fixed counters one by one.
const FIRST_NAMING_VERSION: u32 = 5;

/// EBX bit that says that last-level cache misses cannot be counted.
const NO_LAST_LEVEL_MISSES: u32 = 4;

/// The four registers of a CPUID leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// EAX.
    pub eax: u32,
    /// EBX.
    pub ebx: u32,
    /// ECX.
    pub ecx: u32,
    /// EDX.
    pub edx: u32,
}

/// The counters that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perfmon {
    /// Which fixed counters are there: instructions, core cycles, reference cycles.
    pub fixed: [bool; 3],
    /// Bits of each of them.
    pub fixed_bits: u32,
    /// Whether a programmable counter can count misses of the last-level cache.
    pub last_level_misses: bool,
    /// Bits of a programmable counter.
    pub programmable_bits: u32,
}

impl Perfmon {
    /// Reads the leaf; `None` if nothing can be counted.
    pub fn decode(leaf: Leaf) -> Option<Self> {
        let byte = |number: u32| leaf.eax >> (8 * number) & 0xff;
        let [version, programmable, programmable_bits, events] = [0, 1, 2, 3].map(byte);
        if version < FIRST_USABLE_VERSION {
            return None;
        }
        let (count, fixed_bits) = (leaf.edx & 0x1f, leaf.edx >> 5 & 0xff);
        let named = if version < FIRST_NAMING_VERSION { 0 } else { leaf.ecx };
        let usable = |bits: u32| (1..=64).contains(&bits);
        let fixed = [0, 1, 2].map(|at| usable(fixed_bits) && (at < count || named >> at & 1 == 1));
        let last_level_misses = usable(programmable_bits)
            && programmable > 0
            && events > NO_LAST_LEVEL_MISSES
            && leaf.ebx >> NO_LAST_LEVEL_MISSES & 1 == 0;
        let any = last_level_misses || fixed.contains(&true);
        any.then_some(Self { fixed, fixed_bits, last_level_misses, programmable_bits })
    }

    /// Bits of the fixed counters that are there, each shifted left by its number times `stride`.
    pub fn fixed_mask(&self, stride: u32) -> u64 {
        let there = (0..).zip(self.fixed).filter(|(_, there)| *there);
        there.map(|(number, _)| 1 << (number * stride)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Skylake: version 4, 4 counters of 48 bits, 7 events, 3 fixed ones of 48 bits.
    const SKYLAKE: Leaf = Leaf { eax: 0x0730_0404, ebx: 0, ecx: 0, edx: 0x603 };

    #[test]
    fn skylake_has_all_four() {
        let all = Perfmon {
            fixed: [true; 3],
            fixed_bits: 48,
            last_level_misses: true,
            programmable_bits: 48,
        };
        assert_eq!(Perfmon::decode(SKYLAKE), Some(all));
        assert_eq!(all.fixed_mask(4), 0x111);
        assert_eq!(all.fixed_mask(1), 0x7);
    }

    #[test]
    fn an_empty_leaf_or_version_1_counts_nothing() {
        assert_eq!(Perfmon::decode(Leaf::default()), None);
        assert_eq!(Perfmon::decode(Leaf { eax: 0x0730_0401, ..SKYLAKE }), None);
    }

    #[test]
    fn an_event_is_there_if_its_bit_is_told_and_clear() {
        let misses = |leaf| Perfmon::decode(leaf).is_some_and(|found| found.last_level_misses);
        assert!(misses(SKYLAKE));
        assert!(!misses(Leaf { ebx: 1 << 4, ..SKYLAKE }));
        assert!(!misses(Leaf { eax: 0x0430_0404, ..SKYLAKE }), "only four events are told");
        assert!(!misses(Leaf { eax: 0x0730_0004, ..SKYLAKE }), "there is no counter");
    }

    #[test]
    fn from_version_5_on_a_fixed_counter_may_be_named_by_itself() {
        let named = Leaf { eax: 0x0730_0405, ecx: 0b101, edx: 0x600, ..SKYLAKE };
        let fixed = |leaf| Perfmon::decode(leaf).map(|found| found.fixed);
        assert_eq!(fixed(named), Some([true, false, true]));
        assert_eq!(fixed(Leaf { edx: 0x601, ecx: 0, ..named }), Some([true, false, false]));
        assert_eq!(fixed(Leaf { eax: 0x0730_0404, ..named }), Some([false; 3]));
    }
}
