//! [`fuzz::multiboot2`] for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fuzz::run(fuzz::multiboot2, input);
});
