//! What the VM's operations cost on the modelled machine, by wall clock. The same operations are
//! cells of `calibration` in the guest, where instructions are counted.

use std::time::{Duration, Instant};

use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use model::Model;
use rmap::{HintExclusive, PageIndex, PteNext, Scan, Scheme, SpaceId};
use vm::{
    Access, MapRequest, PageRange, Placement, Protection, Remap, VirtualAddress, Vm, VmConfig,
};

const HEAP: PageIndex = PageIndex(0x4_0000);
const ELSEWHERE: PageIndex = PageIndex(0x8_0000);
const PAGES: u64 = 512;

/// A machine that takes every benchmark's pages.
fn machine() -> Model {
    Model::new(16 * 1024)
}

struct Bench<'m, S: Scheme> {
    vm: Vm<'m, S, Model>,
    space: SpaceId,
}

impl<'m, S: Scheme> Bench<'m, S> {
    fn new(machine: &'m Model) -> Self {
        let vm = Vm::new(machine, &VmConfig::default()).expect("the arena is large");
        let space = vm.create_space().expect("memory");
        vm.activate(space);
        let bench = Self { vm, space };
        bench.map();
        bench
    }

    fn map(&self) {
        let request = MapRequest::private(Placement::Vacant(HEAP), PAGES);
        self.vm.mmap(self.space, &request).expect("the range is free");
    }

    fn heap() -> PageRange {
        PageRange { start: HEAP, pages: PAGES }
    }

    fn write_all(&self, space: SpaceId) {
        if self.vm.active() != Some(space) {
            self.vm.activate(space);
        }
        for page in 0..PAGES {
            let address = VirtualAddress::of_page(HEAP.plus(page));
            self.vm.touch(address, Access::Write, page).expect("memory");
        }
    }

    /// Times `operation`, with `before` and `after` outside the measurement.
    fn time<T>(
        &self,
        rounds: u64,
        before: impl Fn(&Self) -> T,
        operation: impl Fn(&Self, &T),
        after: impl Fn(&Self, T),
    ) -> Duration {
        let mut total = Duration::ZERO;
        for _ in 0..rounds {
            let state = before(self);
            let start = Instant::now();
            operation(self, &state);
            total += start.elapsed();
            after(self, state);
        }
        total
    }

    fn unmap(&self) {
        self.vm.munmap(self.space, Self::heap()).expect("it was mapped");
    }

    fn fork(&self) -> SpaceId {
        self.vm.fork(self.space).expect("memory").child
    }

    fn exit(&self, child: SpaceId) {
        self.vm.exit(child);
        self.vm.activate(self.space);
    }
}

/// Benches one operation that handles [`PAGES`] pages, or one area.
fn operation(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut timed: impl FnMut(u64) -> Duration,
) {
    group.bench_function(name, |bencher| bencher.iter_custom(&mut timed));
}

fn scheme<S: Scheme>(criterion: &mut Criterion) {
    let machine = machine();
    let bench = Bench::<S>::new(&machine);
    let mut group = criterion.benchmark_group(S::ID.name());
    group.sample_size(20).warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_secs(1));
    operation(&mut group, "fault_zero x512", |rounds| {
        let fresh = |bench: &Bench<'_, S>| (bench.unmap(), bench.map()).0;
        bench.time(rounds, fresh, |bench, ()| bench.write_all(bench.space), |_, ()| ())
    });
    bench.write_all(bench.space);
    operation(&mut group, "fork x512", |rounds| {
        let children = std::cell::RefCell::new(Vec::new());
        bench.time(
            rounds,
            |_| (),
            |bench, ()| children.borrow_mut().push(bench.fork()),
            |bench, ()| children.borrow_mut().drain(..).for_each(|child| bench.exit(child)),
        )
    });
    operation(&mut group, "exit x512", |rounds| {
        let leave = |bench: &Bench<'_, S>, child: &SpaceId| bench.exit(*child);
        bench.time(rounds, Bench::fork, leave, |_, _| ())
    });
    operation(&mut group, "fault_cow x512", |rounds| {
        let write = |bench: &Bench<'_, S>, child: &SpaceId| bench.write_all(*child);
        bench.time(rounds, Bench::fork, write, Bench::exit)
    });
    operation(&mut group, "fault_reuse x512", |rounds| {
        let forked = |bench: &Bench<'_, S>| {
            let child = bench.fork();
            bench.exit(child);
        };
        bench.time(rounds, forked, |bench, ()| bench.write_all(bench.space), |_, ()| ())
    });
    operation(&mut group, "mremap x512", |rounds| {
        let there = |bench: &Bench<'_, S>, (): &()| {
            let moved =
                bench.vm.mremap(bench.space, Bench::<S>::heap(), PAGES, Remap::To(ELSEWHERE));
            moved.expect("memory");
        };
        let back = |bench: &Bench<'_, S>, ()| {
            let range = PageRange { start: ELSEWHERE, pages: PAGES };
            bench.vm.mremap(bench.space, range, PAGES, Remap::To(HEAP)).expect("memory");
        };
        bench.time(rounds, |_| (), there, back)
    });
    operation(&mut group, "split and merge", |rounds| {
        let range = PageRange { start: HEAP.plus(PAGES / 2), pages: 1 };
        let protect = |bench: &Bench<'_, S>, protection| {
            bench.vm.mprotect(bench.space, range, protection).expect("memory");
        };
        let both = |bench: &Bench<'_, S>, (): &()| {
            protect(bench, Protection::ReadOnly);
            protect(bench, Protection::ReadWrite);
        };
        bench.time(rounds, |_| (), both, |_, ()| ())
    });
    operation(&mut group, "mmap", |rounds| {
        bench.unmap();
        let total = bench.time(rounds, |_| (), |bench, ()| bench.map(), |bench, ()| bench.unmap());
        bench.map();
        total
    });
    operation(&mut group, "munmap x512", |rounds| {
        let filled = |bench: &Bench<'_, S>| bench.write_all(bench.space);
        bench.time(rounds, filled, |bench, ()| bench.unmap(), |bench, ()| bench.map())
    });
    group.finish();
}

criterion_group!(benches, scheme::<Scan>, scheme::<PteNext>, scheme::<HintExclusive>);
criterion_main!(benches);
