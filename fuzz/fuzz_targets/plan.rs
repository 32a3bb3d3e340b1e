//! [`fuzz::plan`] for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fuzz::run(fuzz::plan, input);
});
