//! The engine: a VM beside its shadow, which knows what every page must contain.

use core::ops::DerefMut;

use rmap::Scheme;
use vm::{Machine, Vm, VmConfig, WhenIncomplete};
use workload::Event;
use workload::verify::{Applied, Generator, Settings, Shadow, World as Paired};

use super::{Engine, Text, Trouble, World};

/// Sizes of the swap device, which leave little memory, or little swap, or plenty of both.
const SWAP_SLOTS: [u32; 3] = [0, 300, 1000];

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
        let config = VmConfig { swap_slots: SWAP_SLOTS[(seed % 3) as usize] };
        let vm = Vm::<S, M>::new(machine, &config)
            .map_err(|_| Trouble::Mismatch(Text::of("the arena is too small")))?;
        let when_incomplete = match seed / 3 % 2 {
            0 => WhenIncomplete::Scan,
            _ => WhenIncomplete::Refuse,
        };
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
        match self.world.apply(&event) {
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
