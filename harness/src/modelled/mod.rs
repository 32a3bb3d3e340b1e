//! The modelled machine as a guest: a thread of this process that runs a plan and speaks over a
//! socket exactly as a booted kernel speaks over its serial line.

mod cell_memory;
mod crash;
mod guest;
mod line;
mod measure;
mod memory;
mod rehearsal;
mod speech;
mod stale;
mod verify;

pub use cell_memory::CellMemory;
pub use memory::{available_mib, needed_mib};
pub use rehearsal::rehearse;
pub use stale::StaleUses;

use std::io;
use std::os::unix::net::UnixStream;
use std::thread;

use runner::verify::Engine;
use wire::Plan;

use crate::port::Port;

/// What the guest's thread may put on its stack; a booted guest has far less.
const STACK_BYTES: usize = 16 << 20;

/// Starts a guest that runs `plan`, with the text of its trace, if it has one, and with `engine` for random
/// events, if `memory_mib` MiB are enough for it. A guest that the port hangs up on keeps its thread until the
/// process ends.
///
/// # Errors
/// No socket or no thread could be made.
pub fn start<E: Engine + Send + 'static>(
    plan: Plan,
    trace: String,
    engine: E,
    memory_mib: u64,
) -> io::Result<Port> {
    let (host, guest) = UnixStream::pair()?;
    let port = line::Line::new(guest)?;
    crash::install_hook();
    let life = move || guest::live(port, &plan, &trace, engine, memory_mib);
    thread::Builder::new().name("guest".to_owned()).stack_size(STACK_BYTES).spawn(life)?;
    Ok(Port::two_way(host.try_clone()?, host))
}
