//! A VM on the modelled machine, and words for what is done to it.

use model::Model;
use rmap::{PageIndex, Scheme, SpaceId};
use vm::{
    Access, FaultKind, FaultRefused, Machine, MapRequest, PageRange, Placement, VirtualAddress, Vm,
    VmConfig,
};

/// Where the tests' heap starts: not at a table's border, so that ranges straddle tables.
pub const HEAP: PageIndex = PageIndex(0x1_01f0);

/// Frames of [`machine`].
pub const FRAMES: u32 = 128;

/// Frames that two 2 MiB pages fit into, and what small pages and tables they need besides.
pub const LARGE: u32 = 1600;

/// A machine that a few small processes fill: the oracle walks all frames, and under Miri that takes long.
pub fn machine() -> Model {
    Model::new(FRAMES)
}

/// `usually`, or `under_miri`, which takes a thousand times as long: for what is only done often.
pub const fn times(usually: u64, under_miri: u64) -> u64 {
    if cfg!(miri) { under_miri } else { usually }
}

/// A range of the heap.
pub fn heap(pages: u64) -> PageRange {
    PageRange { start: HEAP, pages }
}

/// The address of the heap's `page`-th page.
pub fn address(page: u64) -> VirtualAddress {
    VirtualAddress::of_page(HEAP.plus(page))
}

/// A VM without a swap device.
pub fn vm<S: Scheme, M: Machine>(machine: &M) -> Vm<'_, S, M> {
    vm_with_swap(machine, 0)
}

/// A VM with a swap device.
pub fn vm_with_swap<S: Scheme, M: Machine>(machine: &M, swap_slots: u32) -> Vm<'_, S, M> {
    Vm::new(machine, &VmConfig { swap_slots, memory: None }).expect("the arena is large enough")
}

/// An address space with a heap of `pages` pages, active, nothing touched.
pub fn space_with_heap<S: Scheme, M: Machine>(vm: &Vm<'_, S, M>, pages: u64) -> SpaceId {
    let space = vm.create_space().expect("memory for a space");
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP), pages)).expect("a free range");
    vm.activate(space);
    space
}

/// Writes to a page of `space`; returns how the fault, if any, was resolved.
pub fn write<S: Scheme, M: Machine>(
    vm: &Vm<'_, S, M>,
    space: SpaceId,
    page: u64,
    value: u64,
) -> Option<FaultKind> {
    try_touch(vm, space, page, Access::Write, value).expect("the write is legal").1
}

/// Reads from a page of `space`.
pub fn read<S: Scheme, M: Machine>(vm: &Vm<'_, S, M>, space: SpaceId, page: u64) -> u64 {
    try_touch(vm, space, page, Access::Read, 0).expect("the read is legal").0
}

/// Touches a page of `space`, which is made active if it is not.
pub fn try_touch<S: Scheme, M: Machine>(
    vm: &Vm<'_, S, M>,
    space: SpaceId,
    page: u64,
    access: Access,
    value: u64,
) -> Result<(u64, Option<FaultKind>), FaultRefused> {
    if vm.active() != Some(space) {
        vm.activate(space);
    }
    vm.touch(address(page), access, value).map(|touched| (touched.value, touched.fault))
}

/// Fails unless the oracle agrees and no stale translation was used. Under Miri, where the oracle has tests
/// of its own and would take most of the time here, it is not asked.
pub fn assert_sound<S: Scheme>(vm: &Vm<'_, S, Model>) {
    if !cfg!(miri) {
        vm.check().unwrap_or_else(|wrong| panic!("{}: {wrong}", S::ID));
    }
    assert_eq!(vm.machine().stale_uses(), [], "{}: stale translations were used", S::ID);
}

/// Runs a generic test once for each scheme. Under Miri, for two that stand for the others: one with words
/// beside the tables, one with objects of its own.
macro_rules! for_each_scheme {
    ($test:ident) => {{
        $test::<rmap::PteNext>();
        $test::<rmap::AnonVmaChain>();
        if !cfg!(miri) {
            $test::<rmap::Scan>();
            $test::<rmap::PteNextLink4>();
            $test::<rmap::PteNextDouble>();
            $test::<rmap::PteNextDoubleLink4>();
            $test::<rmap::ShmAttach>();
            $test::<rmap::HintExclusive>();
            $test::<rmap::HintAny>();
            $test::<rmap::VmaOffset>();
        }
    }};
}
