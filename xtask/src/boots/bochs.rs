//! Bochs, the other machine on which time is the number of instructions.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::pipe::pass_on_both_ways;

/// From Bochs's start to its connection, and from the guest's last word to Bochs's end.
const PATIENCE: Duration = Duration::from_secs(20);

const POLL: Duration = Duration::from_millis(10);

/// What Bochs is to be.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The CPU model, as `bochs -help cpu` names it.
    pub model: String,
    /// How many CPUs.
    pub cpus: String,
    /// Memory in MiB.
    pub memory_mib: u32,
}

impl Default for Machine {
    /// One recent CPU and 512 MiB.
    fn default() -> Self {
        Self { model: "tigerlake".to_owned(), cpus: "1".to_owned(), memory_mib: 512 }
    }
}

/// A running Bochs; dropping it ends it.
pub struct Bochs {
    child: Child,
    folder: TempDir,
    line: TcpListener,
}

impl Bochs {
    /// Boots `iso` on `machine`, which waits at its serial line until somebody connects to [`Self::port`].
    pub fn start(iso: &Path, machine: &Machine) -> Result<Self, String> {
        Self::try_start(iso, machine).map_err(|error| format!("cannot run Bochs: {error}"))
    }

    fn try_start(iso: &Path, machine: &Machine) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let line = TcpListener::bind("127.0.0.1:0")?;
        let configuration = configuration(iso, machine, line.local_addr()?.port());
        fs::write(folder.path().join("bochsrc"), configuration)?;
        // Debian's Bochs has a debugger, which wants to be told to go on.
        fs::write(folder.path().join("go"), "c\n")?;
        // It also wants a terminal of this size at least, whoever looks at it.
        let shell = "stty rows 50 cols 132; exec bochs -q -f bochsrc -rc go";
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", shell, "screen"])
            .current_dir(folder.path())
            .env("TERM", "linux")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { child, folder, line })
    }

    /// What `rmapbench collect --port` should connect to. Bytes pass on as soon as it does.
    pub fn port(&mut self) -> Result<String, String> {
        let address = self.line.local_addr().map_err(|error| error.to_string())?;
        let guest = self.accept()?;
        let line = self.line.try_clone().map_err(|error| error.to_string())?;
        line.set_nonblocking(false).map_err(|error| error.to_string())?;
        thread::spawn(move || {
            if let Ok((host, _)) = line.accept() {
                pass_on_both_ways(&guest, &host);
            }
        });
        Ok(format!("tcp:{address}"))
    }

    /// Waits until Bochs has connected to the line.
    fn accept(&mut self) -> Result<TcpStream, String> {
        self.line.set_nonblocking(true).map_err(|error| error.to_string())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok((guest, _)) = self.line.accept() {
                guest.set_nonblocking(false).map_err(|error| error.to_string())?;
                return Ok(guest);
            }
            let ended = self.child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(format!("Bochs did not connect:\n{}", self.last_words()));
            }
            thread::sleep(POLL);
        }
    }

    /// Fails unless the guest switches the machine off.
    pub fn expect_end(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().map_err(|error| error.to_string())?.is_some() {
                if self.log().contains("Shutdown port: shutdown requested") {
                    return Ok(());
                }
                return Err(format!("Bochs ended by itself:\n{}", self.last_words()));
            }
            thread::sleep(POLL);
        }
        Err("the guest did not switch Bochs off".to_owned())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Bochs {
    fn drop(&mut self) {
        // `script`'s child is in a session of its own and gets SIGHUP when its terminal goes away.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn configuration(iso: &Path, machine: &Machine, port: u16) -> String {
    let Machine { model, cpus, memory_mib } = machine;
    format!(
        "megs: {memory_mib}\n\
         cpu: model={model}, count={cpus}, ips=4000000, ignore_bad_msrs=0\n\
         romimage: file=/usr/share/bochs/BIOS-bochs-latest\n\
         vgaromimage: file=/usr/share/vgabios/vgabios.bin\n\
         ata0-master: type=cdrom, path=\"{}\", status=inserted\n\
         boot: cdrom\n\
         com1: enabled=1, mode=socket-client, dev=127.0.0.1:{port}\n\
         clock: sync=none\n\
         display_library: term\n\
         sound: driver=dummy\n\
         speaker: enabled=0\n\
         panic: action=fatal\n\
         log: log\n",
        iso.display()
    )
}
