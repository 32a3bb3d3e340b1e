//! Every input that is kept, replayed: what a fuzzer once found stays mended, and what it starts from
//! reaches what it is meant to reach.

use std::fs;
use std::path::Path;

use fuzz::{TARGETS, run, seeds};

#[test]
fn what_is_kept_makes_nothing_panic_or_hoard() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let inputs = fs::read_dir(&folder).expect("every target has a corpus");
        let mut count = 0;
        for input in inputs {
            let path = input.expect("the folder can be read").path();
            println!("{}", path.display());
            run(target, &fs::read(path).expect("the file can be read"));
            count += 1;
        }
        assert!(count > 0, "{name} has an empty corpus");
    }
}

#[test]
fn every_seed_reaches_what_it_is_for() {
    for (name, target) in TARGETS {
        for (seed, bytes) in seeds::of(name) {
            assert!(run(target, &bytes) > 0, "nothing in {name}'s seed {seed} makes sense");
            assert!(bytes.len() < 16 << 10, "{name}'s seed {seed} is large");
        }
    }
}

#[test]
fn seeds_cut_short_or_altered_make_nothing_panic() {
    let mut random = fastrand::Rng::with_seed(6);
    for (name, target) in TARGETS {
        for (_, seed) in seeds::of(name) {
            for _ in 0..40 {
                let mut bytes = seed[..random.usize(..=seed.len())].to_vec();
                for _ in 0..random.usize(..4) {
                    if let Some(byte) = random.choice(&mut bytes) {
                        *byte = random.u8(..);
                    }
                }
                run(target, &bytes);
            }
        }
    }
}
