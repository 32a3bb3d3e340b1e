//! Everything that reads what others wrote, as functions of bytes: [`TARGETS`]. None of them may panic,
//! hang, or hold more than [`MEMORY_LIMIT`]. `cargo xtask fuzz` hunts for bytes that make one do so
//! (`docs/fuzzing.md`); `cargo test` replays the bytes that are kept in `corpus`.
#![deny(unsafe_code)]

mod acpi;
mod boot_information;
mod framing;
mod guest_answers;
mod host_decoder;
mod limit;
mod memory;
mod multiboot2;
mod plan;
pub mod seeds;
mod telnet;
mod trace;

pub use acpi::acpi;
pub use boot_information::boot_information;
pub use guest_answers::guest_answers;
pub use host_decoder::host_decoder;
pub use limit::{MEMORY_LIMIT, run};
pub use multiboot2::multiboot2;
pub use plan::plan;
pub use telnet::telnet;
pub use trace::trace;

/// Reads hostile bytes; how many things in them made sense, so that a seed that reaches nothing shows.
pub type Target = fn(&[u8]) -> usize;

/// All targets, by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("acpi", acpi),
    ("boot_information", boot_information),
    ("guest_answers", guest_answers),
    ("host_decoder", host_decoder),
    ("multiboot2", multiboot2),
    ("plan", plan),
    ("telnet", telnet),
    ("trace", trace),
];
