//! Bytes as they should be, from which a fuzzer starts: small, and one of each kind.

mod acpi;
mod boot_information;
mod conversation;
mod multiboot2;
mod plan;
mod telnet;
mod trace;

/// A seed's name and its bytes.
pub type Seed = (String, Vec<u8>);

/// The seeds of a target.
///
/// # Panics
/// There is no such target.
pub fn of(target: &str) -> Vec<Seed> {
    match target {
        "acpi" => acpi::seeds(),
        "boot_information" => boot_information::seeds(),
        "guest_answers" => conversation::host_seeds(),
        "host_decoder" => conversation::guest_seeds(),
        "multiboot2" => multiboot2::seeds(),
        "plan" => plan::seeds(),
        "telnet" => telnet::seeds(),
        "trace" => trace::seeds(),
        other => panic!("no target is called `{other}`"),
    }
}

fn seed(name: &str, way: u8, bytes: &[u8]) -> Seed {
    (name.to_owned(), [&[way], bytes].concat())
}
