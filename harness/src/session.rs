//! One conversation with one guest: line in, raw bytes to disk, records to a [`Run`].

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wire::{Record, Versions};

use crate::error::Error;
use crate::interrupt;
use crate::link::{Answer, Ending, Notice, Receiver};
use crate::port::{Arrival, Line};
use crate::results::Run;

/// How often Ctrl-C and the deadlines are looked at while the line is quiet.
const TICK: Duration = Duration::from_millis(100);

/// A guest that got the answer to its last question does not ask again so soon.
const LINGER: Duration = Duration::from_secs(2);

/// How long a guest is told at most that all is here: over a line without a way back it never hears it.
const FAREWELL: Duration = Duration::from_secs(10);

/// A guest that is silent for so long after it granted a turn waits for the answer. Bytes that follow
/// show that it went on.
const QUIET: Duration = Duration::from_millis(2);

/// The most that is read before it is looked at, in bytes and in time.
const BATCH: (usize, Duration) = (1 << 20, TICK);

/// How long to wait for what may never come; `None` is without limit.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the start to the guest's first word.
    pub greeting: Option<Duration>,
    /// Between two bytes after that.
    pub silence: Option<Duration>,
}

/// Someone who watches.
pub trait Observer {
    /// Firmware, a boot loader or the guest wrote plain text.
    fn console(&mut self, text: &str);

    /// The guest greeted, came again, or was found running; one sentence about it.
    fn remark(&mut self, remark: &str);

    /// A record came in. `Break` ends the conversation.
    fn progressed(&mut self, run: &Run) -> ControlFlow<()>;
}

/// Why the conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everything is here.
    Complete,
    /// The other end is gone.
    Closed,
    /// The line broke.
    Broken(String),
    /// Ctrl-C.
    Interrupted,
    /// The guest did not greet in time.
    NoGreeting(Duration),
    /// The guest fell silent.
    Silence(Duration),
    /// The guest speaks another version.
    Incompatible {
        /// What the guest speaks.
        guest: Versions,
        /// What this tool speaks.
        host: Versions,
    },
    /// The observer had enough.
    Dismissed,
}

/// What came of it.
#[derive(Debug)]
pub struct Heard {
    /// What the records say.
    pub run: Run,
    /// What the line says about itself.
    pub ending: Ending,
    /// Why it ended.
    pub stop: Stop,
    /// The first bytes of the guest's build id, if it greeted.
    pub build_id: Option<[u8; 8]>,
}

/// `raw.bin`: every byte received, written as it arrives.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: File,
}

impl Recording {
    /// Starts an empty recording.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(Error::file("create", path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::file("write", &self.path))
    }
}

/// Listens and answers until the guest is done, or something else ends it.
pub fn listen(
    port: &mut dyn Line,
    answer: Answer,
    recording: &mut Recording,
    patience: Patience,
    observer: &mut dyn Observer,
) -> Result<Heard, Error> {
    let mut ear = Ear::new(answer, observer);
    let stop = ear.listen(port, recording, patience)?;
    Ok(ear.finish(stop))
}

/// All bytes up to a moment of quiet, after waiting for the first, and what came behind them. Looking at
/// them in one go lets a host that has slept answer the last turn, and none that the guest has long
/// given up.
fn gather(port: &mut dyn Line, patience: Duration) -> (Vec<u8>, Arrival) {
    let (most, longest) = BATCH;
    let mut gathered = Vec::new();
    let mut arrival = port.receive(patience);
    let started = Instant::now();
    while let Arrival::Bytes(bytes) = arrival {
        gathered.extend(bytes);
        if gathered.len() >= most || started.elapsed() >= longest {
            return (gathered, Arrival::Nothing);
        }
        arrival = port.receive(QUIET);
    }
    (gathered, arrival)
}

struct Ear<'o> {
    receiver: Receiver,
    run: Run,
    observer: &'o mut dyn Observer,
    build_id: Option<[u8; 8]>,
    met: bool,
    /// Since when everything is here.
    complete: Option<Instant>,
    /// How long the guest is told so.
    farewell: Duration,
}

impl<'o> Ear<'o> {
    fn new(answer: Answer, observer: &'o mut dyn Observer) -> Self {
        // A guest that hears nothing says `Done` for ever.
        let farewell = if answer == Answer::Silent { Duration::ZERO } else { FAREWELL };
        Self {
            farewell,
            receiver: Receiver::new(answer),
            run: Run::default(),
            observer,
            build_id: None,
            met: false,
            complete: None,
        }
    }

    fn listen(
        &mut self,
        port: &mut dyn Line,
        recording: &mut Recording,
        patience: Patience,
    ) -> Result<Stop, Error> {
        let started = Instant::now();
        let mut last_arrival = started;
        loop {
            let interrupted = interrupt::requested();
            let patience_now = if interrupted { Duration::ZERO } else { TICK };
            let (bytes, end) = gather(port, patience_now);
            if !bytes.is_empty() {
                last_arrival = Instant::now();
                recording.append(&bytes)?;
                for notice in self.receiver.push(&bytes) {
                    if let ControlFlow::Break(stop) = self.take(notice, port) {
                        return Ok(stop);
                    }
                }
            }
            if interrupted {
                return Ok(Stop::Interrupted);
            }
            match end {
                Arrival::Bytes(_) | Arrival::Nothing => {}
                Arrival::Back => self.observer.remark("the line is back"),
                Arrival::Closed | Arrival::Broken(_) if self.complete.is_some() => {
                    return Ok(Stop::Complete);
                }
                Arrival::Closed => {
                    if !self.seeks(port, "the line was closed") {
                        return Ok(Stop::Closed);
                    }
                }
                Arrival::Broken(error) => {
                    if !self.seeks(port, &format!("the line broke ({error})")) {
                        return Ok(Stop::Broken(error.to_string()));
                    }
                }
            }
            if let Some(stop) = self.out_of_patience(started, last_arrival, patience) {
                return Ok(stop);
            }
        }
    }

    /// Has a line that is gone looked for again, if it can come back; the guest repairs the hole.
    fn seeks(&mut self, port: &mut dyn Line, loss: &str) -> bool {
        let Some(limit) = port.seek() else { return false };
        let seconds = limit.as_secs();
        self.observer.remark(&format!("{loss}; looking for it again for {seconds} s"));
        true
    }

    fn out_of_patience(
        &self,
        started: Instant,
        heard: Instant,
        patience: Patience,
    ) -> Option<Stop> {
        let quiet = heard.elapsed();
        if let Some(complete) = self.complete {
            let is_over = quiet >= LINGER || complete.elapsed() >= self.farewell;
            return is_over.then_some(Stop::Complete);
        }
        if self.met {
            return patience.silence.filter(|&limit| quiet >= limit).map(Stop::Silence);
        }
        // From the start: firmware and boot loaders may repeat themselves for ever.
        patience.greeting.filter(|&limit| started.elapsed() >= limit).map(Stop::NoGreeting)
    }

    fn take(&mut self, notice: Notice, port: &mut dyn Line) -> ControlFlow<Stop> {
        match notice {
            Notice::ConsoleText(text) => self.observer.console(&text),
            Notice::Greeted { build_id, .. } => {
                self.met = true;
                self.build_id = Some(build_id);
            }
            Notice::Joined => {
                self.met = true;
                self.observer.remark("joined a guest that was already running");
            }
            Notice::Incompatible { guest, host } => {
                return ControlFlow::Break(Stop::Incompatible { guest, host });
            }
            Notice::GuestRestarted => {
                self.complete = None;
                self.run = Run::default();
                self.observer.remark("the guest booted again; what came before is left out");
            }
            Notice::Reply(bytes) => port.send(&bytes),
            Notice::Record(bytes) => return self.read(&bytes),
            Notice::Complete => self.complete = Some(Instant::now()),
            Notice::Corrupt => {
                self.observer.remark("the record stream does not match its checksum");
            }
        }
        ControlFlow::Continue(())
    }

    fn read(&mut self, bytes: &[u8]) -> ControlFlow<Stop> {
        match Record::decode(bytes) {
            Ok(record) => self.run.take(&record),
            Err(_) => self.run.reject(),
        }
        self.observer.progressed(&self.run).map_break(|()| Stop::Dismissed)
    }

    fn finish(mut self, stop: Stop) -> Heard {
        let ending = self.receiver.finish();
        let last: Vec<&Vec<u8>> = ending
            .notices
            .iter()
            .filter_map(|notice| match notice {
                Notice::Record(bytes) => Some(bytes),
                _ => None,
            })
            .chain(&ending.records_after_holes)
            .collect();
        for bytes in last {
            let _ = self.read(bytes);
        }
        Heard { run: self.run, ending, stop, build_id: self.build_id }
    }
}
