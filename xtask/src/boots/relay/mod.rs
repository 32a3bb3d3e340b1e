//! A serial cable between two unix sockets that does to the bytes what cables do. The guest's end stays
//! plugged in; hosts come and go at the other, and what is sent while none is there is gone.

mod direction;
mod disturbance;
mod pace;

pub use disturbance::Disturbance;

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::ops::Range;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use direction::{Event, Wire};
use pace::Pace;

/// A guest says what it is waited for within this time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A relay at work, in the background. It ends with the guest.
pub struct Relay(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What both directions know.
#[derive(Default)]
struct State {
    host: Option<UnixStream>,
    /// Bytes that the guest has sent.
    sent: u64,
    outage: Outage,
    /// Whether the guest has said that its run is over.
    done: bool,
    /// Stretches of the record stream that were taken out for good.
    taken_out: Vec<Range<u32>>,
    /// How much of its time the way to the host was used, where it has a pace.
    busy: Option<f64>,
}

/// What does not pass at present.
#[derive(Clone, Copy, Default)]
enum Outage {
    #[default]
    Nothing,
    WayBack,
    BothUntil(Option<Instant>),
}

impl Relay {
    /// Stands between the guest's socket and a new one at `host`. The guest, which does not start before
    /// somebody connects, is connected to with the first host.
    pub fn start(
        guest: &Path,
        host: &Path,
        disturbance: Disturbance,
        seed: u64,
    ) -> Result<Self, String> {
        let listener = UnixListener::bind(host).map_err(|error| error.to_string())?;
        let guest = guest.to_owned();
        let shared = Arc::new(Shared::default());
        let (out_wire, back_wire) = disturbance.wires(seed);
        let pace = (disturbance == Disturbance::Pace).then(Pace::default);
        let way = |wire| Way { wire, pace, shared: Arc::clone(&shared) };
        let (out, serving) = (way(out_wire), way(back_wire));
        thread::spawn(move || connect(&listener, &guest, out, serving));
        Ok(Self(shared))
    }

    /// Waits until the guest has sent so many bytes.
    pub fn wait_for(&self, bytes: u64) -> Result<(), String> {
        self.wait(|state| state.sent >= bytes)
    }

    /// Waits until the guest has said that its run is over.
    pub fn wait_for_done(&self) -> Result<(), String> {
        self.wait(|state| state.done)
    }

    /// Waits until nothing passes any more.
    pub fn wait_for_death(&self) -> Result<(), String> {
        self.wait(|state| matches!(state.outage, Outage::BothUntil(None)))
    }

    fn wait(&self, is_so: impl Fn(&State) -> bool) -> Result<(), String> {
        let changed = &self.0.changed;
        let waited = changed.wait_timeout_while(self.0.state(), PATIENCE, |state| !is_so(state));
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err(format!("the guest was waited for in vain; it sent {} bytes", state.sent));
        }
        Ok(())
    }

    /// Stretches of the record stream that the disturbance took out for good.
    pub fn taken_out(&self) -> Vec<Range<u32>> {
        self.0.state().taken_out.clone()
    }

    /// The part of the time from the guest's first byte to its last in which the line was busy, if it
    /// has a pace.
    pub fn busy(&self) -> Option<f64> {
        self.0.state().busy
    }
}

/// Waits for the first host. What goes wrong here shows as a guest that is waited for in vain.
fn connect(listener: &UnixListener, guest: &Path, out: Way, mut serving: Way) {
    let Ok((mut host, _)) = listener.accept() else { return };
    let Ok(guest) = UnixStream::connect(guest) else { return };
    let Ok(back) = guest.try_clone() else { return };
    serving.shared.state().host = host.try_clone().ok();
    thread::spawn(move || out.carry_out(guest));
    while serving.serve(host, &back).is_ok() {
        let Ok((next, _)) = listener.accept() else { return };
        serving.shared.state().host = next.try_clone().ok();
        host = next;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    fn is_outwards(self) -> bool {
        match self {
            Self::Nothing | Self::WayBack => false,
            Self::BothUntil(end) => end.is_none_or(|end| Instant::now() < end),
        }
    }

    fn is_back(self) -> bool {
        matches!(self, Self::WayBack) || self.is_outwards()
    }
}

struct Way {
    wire: Wire,
    pace: Option<Pace>,
    shared: Arc<Shared>,
}

impl Way {
    /// From the guest to whichever host is there, until the guest ends.
    fn carry_out(mut self, mut guest: UnixStream) {
        let mut chunk = [0; pace::FULL];
        let mut held = Vec::new();
        if self.pace.is_some() {
            // Setting the time after which an adapter hands on what it has fails on no open socket.
            let _ = guest.set_read_timeout(Some(pace::HOLD));
        }
        loop {
            match guest.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => {
                    held.extend(self.pass(&chunk[..length]));
                    if self.pace.is_some() && held.len() < pace::FULL {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
            self.hand_on(&std::mem::take(&mut held));
        }
        self.hand_on(&held);
        if let Some(host) = self.shared.state().host.take() {
            // A host that is gone needs no telling.
            let _ = host.shutdown(Shutdown::Both);
        }
    }

    /// What arrives of some bytes of the guest's, when the line has carried them.
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut events = Vec::new();
        let arrived = self.wire.carry(bytes, &mut events);
        if let Some(pace) = &mut self.pace {
            pace.take(bytes.len());
        }
        let mut stall = Duration::ZERO;
        let mut state = self.shared.state();
        state.sent += bytes.len() as u64;
        state.busy = self.pace.as_ref().and_then(Pace::share);
        for event in events {
            match event {
                Event::Stall(time) => stall += time,
                Event::Cut(time) => {
                    state.outage = Outage::BothUntil(Instant::now().checked_add(time));
                }
                Event::NoWayBack => state.outage = Outage::WayBack,
                Event::TakenOut(stretch) => state.taken_out.push(stretch),
                Event::Done => state.done = true,
            }
        }
        drop(state);
        self.shared.changed.notify_all();
        thread::sleep(stall);
        arrived
    }

    fn hand_on(&self, bytes: &[u8]) {
        let state = self.shared.state();
        let host = state.host.as_ref().filter(|_| !state.outage.is_outwards());
        let host = host.and_then(|host| host.try_clone().ok());
        drop(state);
        if let Some(mut host) = host {
            // A host that is gone hears nothing.
            let _ = host.write_all(bytes);
        }
    }

    /// From one host to the guest, until the host leaves.
    fn serve(&mut self, mut host: UnixStream, mut guest: &UnixStream) -> io::Result<()> {
        let mut chunk = [0; 16];
        while let Ok(length @ 1..) = host.read(&mut chunk) {
            let arrived = self.wire.carry(&chunk[..length], &mut Vec::new());
            if let Some(pace) = &mut self.pace {
                pace.take(length);
            }
            if !self.shared.state().outage.is_back() {
                guest.write_all(&arrived)?;
            }
        }
        self.shared.state().host = None;
        Ok(())
    }
}
