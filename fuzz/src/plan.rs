//! Plans: as files in TOML, and in postcard from a boot module or the wire.

use harness::plan::{Estimate, encode, read_toml};
use wire::Plan;

/// The first byte says which.
pub fn plan(input: &[u8]) -> usize {
    let Some((&way, rest)) = input.split_first() else { return 0 };
    match way % 2 {
        0 => file(&String::from_utf8_lossy(rest)),
        _ => module(rest),
    }
}

fn file(content: &str) -> usize {
    match read_toml("plan.toml", content) {
        Ok(draft) => {
            let plan = draft.plan().expect("the reader has tried");
            module(&encode(&plan, ""))
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            0
        }
    }
}

fn module(bytes: &[u8]) -> usize {
    let Ok((plan, trace)) = Plan::decode_with_trace(bytes) else { return 0 };
    let again = encode(&plan, trace);
    assert_eq!(Plan::decode_with_trace(&again), Ok((plan.clone(), trace)), "nothing is lost");
    let Ok(resolved) = runner::resolve(&plan, trace) else { return 1 };
    let _ = (resolved.arena_frames(), resolved.watched_frames(), resolved.stream_bytes());
    let _ = Estimate::booted(&plan, trace);
    1 + resolved.cell_count()
}
