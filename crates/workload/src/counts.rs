//! The named figures of a cell, as many as there are.

use core::ops::Deref;

use vm::MachineCounter;

use crate::{Count, CountGroup};

/// Figures of the VM.
pub(crate) const OF_THE_VM: usize = 22;

const MOST: usize = OF_THE_VM + MachineCounter::COUNT;

/// The counts of a cell: a slice that knows its length.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    all: [Count; MOST],
    used: usize,
}

impl Counts {
    /// No counts.
    pub(crate) const NONE: Self = {
        let unused = Count { group: CountGroup::Counters, name: "", value: 0 };
        Self { all: [unused; MOST], used: 0 }
    };

    /// What the VM counted, and what the machine did: only what it has.
    pub(crate) fn new(
        of_the_vm: &[Count; OF_THE_VM],
        of_the_machine: impl Iterator<Item = (MachineCounter, u64)>,
    ) -> Self {
        let of_the_machine = of_the_machine.map(|(counter, value)| Count {
            group: CountGroup::Counters,
            name: counter.name(),
            value,
        });
        let mut counts = Self::NONE;
        let places = counts.all.iter_mut();
        for (place, count) in places.zip(of_the_vm.iter().copied().chain(of_the_machine)) {
            *place = count;
            counts.used += 1;
        }
        counts
    }
}

impl Deref for Counts {
    type Target = [Count];

    fn deref(&self) -> &[Count] {
        &self.all[..self.used]
    }
}

impl<'c> IntoIterator for &'c Counts {
    type Item = &'c Count;
    type IntoIter = core::slice::Iter<'c, Count>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_does_not_count_is_not_told() {
        let of_the_vm = [Count { group: CountGroup::Outcomes, name: "freed", value: 1 }; OF_THE_VM];
        let counts = Counts::new(&of_the_vm, [(MachineCounter::Smi, 3)].into_iter());
        assert_eq!(counts.len(), OF_THE_VM + 1);
        let last = Count { group: CountGroup::Counters, name: "smi", value: 3 };
        assert_eq!(counts.last(), Some(&last));
        assert_eq!(Counts::NONE.len(), 0);
    }
}
