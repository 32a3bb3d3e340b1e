//! Random events in a small machine, where collisions are common, against the oracle and a shadow
//! copy of every page's contents.

mod support;

use std::collections::BTreeMap;

use model::Model;
use proptest::prelude::*;
use rmap::{Scheme, SpaceId};
use support::{HEAP, address, assert_sound, heap};
use vm::{Access, UnmapOutcome, Vm, WhenIncomplete};

const PAGES: u64 = 24;
const MOST_SPACES: usize = 8;

/// One thing that happens. Spaces are named by their place among the living.
#[derive(Clone, Debug)]
enum Step {
    Fork { parent: usize },
    Exit { space: usize },
    Read { space: usize, page: u64 },
    Write { space: usize, page: u64, value: u64 },
    Find { space: usize, page: u64, policy: WhenIncomplete },
    Unmap { space: usize, page: u64, policy: WhenIncomplete },
}

fn step() -> impl Strategy<Value = Step> {
    let space = 0..MOST_SPACES;
    let page = 0..PAGES;
    let policy = prop_oneof![Just(WhenIncomplete::Refuse), Just(WhenIncomplete::Scan)];
    prop_oneof![
        2 => space.clone().prop_map(|parent| Step::Fork { parent }),
        1 => space.clone().prop_map(|space| Step::Exit { space }),
        4 => (space.clone(), page.clone()).prop_map(|(space, page)| Step::Read { space, page }),
        6 => (space.clone(), page.clone(), 1..u64::MAX)
            .prop_map(|(space, page, value)| Step::Write { space, page, value }),
        1 => (space.clone(), page.clone(), policy.clone())
            .prop_map(|(space, page, policy)| Step::Find { space, page, policy }),
        2 => (space, page, policy)
            .prop_map(|(space, page, policy)| Step::Unmap { space, page, policy }),
    ]
}

/// A VM and what it should contain.
struct World<'m, S: Scheme> {
    vm: Vm<'m, S, Model>,
    living: Vec<(SpaceId, BTreeMap<u64, u64>)>,
}

impl<'m, S: Scheme> World<'m, S> {
    fn new(machine: &'m Model) -> Self {
        let vm = Vm::new(machine).unwrap();
        let space = vm.create_space().unwrap();
        vm.mmap(space, heap(PAGES)).unwrap();
        Self { vm, living: vec![(space, BTreeMap::new())] }
    }

    fn apply(&mut self, step: &Step) {
        let count = self.living.len();
        match *step {
            Step::Fork { parent } if count < MOST_SPACES => {
                let (parent, contents) = self.living[parent % count].clone();
                if let Ok(forked) = self.vm.fork(parent) {
                    self.living.push((forked.child, contents));
                }
            }
            Step::Exit { space } if count > 1 => {
                let (space, _) = self.living.remove(space % count);
                self.vm.exit(space);
            }
            Step::Fork { .. } | Step::Exit { .. } => {}
            Step::Read { space, page } => self.touch(space % count, page, Access::Read, 0),
            Step::Write { space, page, value } => {
                self.touch(space % count, page, Access::Write, value);
            }
            Step::Find { space, page, policy } => {
                if let Some(frame) = self.vm.frame_at(self.living[space % count].0, HEAP.plus(page))
                {
                    self.vm.find(frame, policy);
                }
            }
            Step::Unmap { space, page, policy } => self.unmap(space % count, page, policy),
        }
    }

    fn touch(&mut self, index: usize, page: u64, access: Access, value: u64) {
        let (space, contents) = &mut self.living[index];
        if self.vm.active() != Some(*space) {
            self.vm.activate(*space);
        }
        let Ok(touched) = self.vm.touch(address(page), access, value) else {
            return;
        };
        match access {
            Access::Read => assert_eq!(touched.value, *contents.get(&page).unwrap_or(&0)),
            Access::Write => _ = contents.insert(page, value),
        }
    }

    fn unmap(&mut self, index: usize, page: u64, policy: WhenIncomplete) {
        let Some(frame) = self.vm.frame_at(self.living[index].0, HEAP.plus(page)) else {
            return;
        };
        let users: Vec<bool> = self
            .living
            .iter()
            .map(|(space, _)| self.vm.frame_at(*space, HEAP.plus(page)) == Some(frame))
            .collect();
        let unmapped = self.vm.unmap_frame(frame, policy);
        if unmapped.outcome == UnmapOutcome::Freed {
            for ((_, contents), user) in self.living.iter_mut().zip(users) {
                if user {
                    contents.remove(&page);
                }
            }
        } else {
            assert_eq!(policy, WhenIncomplete::Refuse);
        }
    }

    fn end(mut self) {
        for index in 0..self.living.len() {
            for page in 0..PAGES {
                self.touch(index, page, Access::Read, 0);
            }
        }
        assert_sound(&self.vm);
        self.vm.tear_down().unwrap();
    }
}

fn live_through<S: Scheme>(steps: &[Step], frames: u32) {
    let machine = Model::new(frames);
    let mut world = World::<S>::new(&machine);
    for step in steps {
        world.apply(step);
        assert_sound(&world.vm);
    }
    world.end();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_scheme_agrees_with_the_oracle(
        steps in prop::collection::vec(step(), 1..200),
        frames in prop_oneof![Just(48u32), Just(512)],
    ) {
        live_through::<rmap::Scan>(&steps, frames);
        live_through::<rmap::PteNext>(&steps, frames);
        live_through::<rmap::HintExclusive>(&steps, frames);
    }
}
