//! The engine: a VM beside its shadow, which knows what every page must contain.

use core::ops::DerefMut;

use rmap::Scheme;
use vm::{Machine, Vm, VmConfig, WhenIncomplete};
use workload::Event;
use workload::trace::Line;
use workload::verify::{Applied, Generator, Settings, Shadow, World as Paired};

use super::{Engine, Text, Trouble, World};

/// What worlds are made with. In a large arena the swap device leaves little memory, or little swap, or
/// plenty of both. In a small one a few pages are all there is, and a single frame makes the difference.
const CONFIGS: [[VmConfig; 3]; 2] =
    [[large(0), large(300), large(1000)], [small(60, 8), small(64, 100), small(250, 40)]];

const fn large(swap_slots: u32) -> VmConfig {
    VmConfig { swap_slots, memory: None }
}

const fn small(memory: u32, swap_slots: u32) -> VmConfig {
    VmConfig { swap_slots, memory: Some(memory) }
}

/// What the world of `seed` is made with, and what it does where a scheme does not know everything:
/// twelve seeds in a row have every combination.
const fn decide(seed: u64) -> (VmConfig, WhenIncomplete) {
    let when_incomplete = match seed / 3 % 2 {
        0 => WhenIncomplete::Scan,
        _ => WhenIncomplete::Refuse,
    };
    (CONFIGS[(seed / 6 % 2) as usize][(seed % 3) as usize], when_incomplete)
}

/// Keeps the shadow, which is too large for a stack, wherever its owner has it.
#[derive(Debug, Default)]
pub struct Shadowed<H> {
    shadow: H,
}

impl<H: DerefMut<Target = Shadow>> Shadowed<H> {
    /// An engine with this shadow.
    pub const fn new(shadow: H) -> Self {
        Self { shadow }
    }
}

impl<H: DerefMut<Target = Shadow>> Engine for Shadowed<H> {
    const ARENA_FRAMES: u32 = 1600;

    fn open<S: Scheme, M: Machine>(
        &mut self,
        machine: &M,
        seed: u64,
        live: impl FnOnce(&mut dyn World) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let (config, when_incomplete) = decide(seed);
        let vm = Vm::<S, M>::new(machine, &config)
            .map_err(|_| Trouble::Mismatch(Text::of("the arena is too small")))?;
        let settings = Settings { when_incomplete, check_every: 0 };
        machine.with_faults(&vm, || {
            let world = Paired::new(&vm, &mut self.shadow, settings);
            let mut pair = Pair { vm: &vm, world, generator: Generator::new(seed) };
            live(&mut pair)?;
            pair.world.finish().map_err(|wrong| mismatch(wrong.what))
        })
    }
}

struct Pair<'v, 'm, S: Scheme, M: Machine> {
    vm: &'v Vm<'m, S, M>,
    world: Paired<'v, 'm, S, M>,
    generator: Generator,
}

impl<S: Scheme, M: Machine> World for Pair<'_, '_, S, M> {
    fn invent(&mut self) -> Event {
        self.generator.event(self.world.next_number(), self.world.shadow())
    }

    fn apply(&mut self, event: Event) -> Result<(), Trouble> {
        match self.vm.machine().during(&Line(&event), || self.world.apply(&event)) {
            Ok(Applied::Impossible(why)) => Err(Trouble::Refused(Text::of(why))),
            Ok(Applied::Done | Applied::Refused) => Ok(()),
            Err(wrong) => Err(mismatch(wrong.what)),
        }
    }

    fn check(&mut self) -> Result<(), Trouble> {
        self.vm.check().map_err(mismatch)
    }
}

fn mismatch(what: impl core::fmt::Display) -> Trouble {
    Trouble::Mismatch(Text::of(what))
}

#[cfg(test)]
mod tests {
    use super::decide;

    #[test]
    fn twelve_seeds_in_a_row_have_every_combination() {
        let worlds: Vec<_> = (5..17).map(decide).collect();
        for (nth, world) in worlds.iter().enumerate() {
            assert!(!worlds[..nth].contains(world), "{world:?} comes twice");
        }
        assert!(worlds.iter().any(|(config, _)| config.memory.is_some_and(|frames| frames <= 64)));
        assert!(worlds.iter().any(|(config, _)| config.memory.is_none()));
    }
}
