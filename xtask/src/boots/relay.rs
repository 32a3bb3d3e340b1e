//! A bad cable: passes bytes on between two unix sockets and harms some of them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

/// One byte in so many is dropped, flipped or doubled.
const HARM_ONE_IN: u32 = 100;

/// Stands between the guest's socket and a new one at `host`, in the background.
pub fn bad_cable(guest: &Path, host: &Path, seed: u64) -> Result<(), String> {
    let listener = UnixListener::bind(host).map_err(|error| error.to_string())?;
    let guest = UnixStream::connect(guest).map_err(|error| error.to_string())?;
    thread::spawn(move || {
        let Ok((host, _)) = listener.accept() else { return };
        let ends = (guest.try_clone(), host.try_clone());
        let (Ok(guest_out), Ok(host_out)) = ends else { return };
        let back = thread::spawn(move || pass_on(host, guest_out, seed));
        pass_on(guest, host_out, seed + 1);
        let _ = back.join();
    });
    Ok(())
}

/// Ends when either side does.
fn pass_on(mut from: UnixStream, mut to: UnixStream, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        let harmed: Vec<u8> =
            chunk[..length].iter().flat_map(|byte| harm(*byte, &mut random)).collect();
        if to.write_all(&harmed).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

fn harm(byte: u8, random: &mut fastrand::Rng) -> Vec<u8> {
    if random.u32(..HARM_ONE_IN) != 0 {
        return vec![byte];
    }
    match random.u8(..3) {
        0 => Vec::new(),
        1 => vec![byte ^ 1 << random.u8(..8)],
        _ => vec![byte, byte],
    }
}
