//! Two sockets as one.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

/// A connection that can be closed while others read it.
pub trait Socket: Sync {
    /// Closes both ways.
    fn close(&self);
}

impl Socket for UnixStream {
    fn close(&self) {
        // Fails only if it is closed already.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Socket for TcpStream {
    fn close(&self) {
        // As above.
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Passes bytes on both ways until either side ends.
pub fn pass_on_both_ways<S: Socket>(guest: &S, host: &S)
where
    for<'s> &'s S: Read + Write,
{
    thread::scope(|scope| {
        scope.spawn(|| pass_on(guest, host));
        scope.spawn(|| pass_on(host, guest));
    });
}

fn pass_on<S: Socket>(mut from: &S, mut to: &S)
where
    for<'s> &'s S: Read + Write,
{
    let _ = io::copy(&mut from, &mut to);
    to.close();
    from.close();
}
