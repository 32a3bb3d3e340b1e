//! QEMU: its command line, its serial line, its end.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::GuestError;
use super::image::last_line;
use crate::error::Error;
use crate::port::Port;
use crate::tools::{Shell, ovmf, shown};

/// QEMU connects to our socket before it runs the guest; a host that is slower than this is stuck.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// How often a started QEMU is looked at.
const POLL: Duration = Duration::from_millis(10);

/// What the guest writes to `isa-debug-exit` at a clean end, as QEMU's exit status: `0x10 << 1 | 1`.
const CLEAN_STATUS: i32 = 33;

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The CPU itself, or what claims to be it.
    Kvm(CpuModel),
    /// Binary translation with the host's clock.
    Tcg,
    /// Binary translation with a clock that counts instructions.
    Icount,
}

impl Accelerator {
    /// As `--machine` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm(_) => "kvm",
            Self::Tcg => "tcg",
            Self::Icount => "icount",
        }
    }

    /// How many times longer than on the modelled machine a plan takes, on the same host. For estimates.
    #[must_use]
    pub const fn times_slower(self) -> u32 {
        match self {
            Self::Kvm(_) => 1,
            Self::Tcg => 6,
            Self::Icount => 14,
        }
    }
}

/// How KVM's CPU is described. Some hosts die of a feature that their KVM announces and cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuModel(&'static str);

impl CpuModel {
    /// To be tried in this order.
    pub const ALL: [Self; 3] = [
        Self("host,migratable=no,+invtsc"),
        Self("host,migratable=no,+invtsc,-arch-capabilities"),
        Self("host,-arch-capabilities"),
    ];
}

/// From where the guest boots.
#[derive(Clone, Debug)]
pub enum Boot {
    /// The kernel by its PVH note, the plan as its module.
    Direct {
        /// The ELF file.
        kernel: PathBuf,
        /// The encoded plan.
        plan: Vec<u8>,
    },
    /// An image that holds both.
    Iso(PathBuf),
}

/// The firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// `SeaBIOS`, which comes with QEMU.
    Bios,
    /// OVMF.
    Uefi,
}

/// A machine to start.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What executes.
    pub accelerator: Accelerator,
    /// What boots.
    pub boot: Boot,
    /// Which firmware.
    pub firmware: Firmware,
    /// Memory in MiB.
    pub memory_mib: u32,
}

/// A running machine; dropping it ends it.
#[derive(Debug)]
pub struct Qemu {
    child: Child,
    command: String,
    errors: File,
    // Holds the socket, the plan and the firmware's variables while QEMU runs.
    _folder: TempDir,
}

/// How QEMU ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestExit {
    /// The guest said that all is well.
    Clean,
    /// In any other way.
    Other {
        /// The exit status or the signal.
        status: String,
        /// The last thing that QEMU said.
        message: String,
    },
    /// It had to be ended from here.
    Ended,
}

impl Qemu {
    /// Starts the machine and opens its serial line. QEMU connects to a socket of ours, so nothing
    /// that the guest says can be lost, and a slow host holds the guest.
    pub fn start(setup: &Setup, shell: Shell) -> Result<(Self, Port), Error> {
        let folder = tempfile::tempdir().map_err(GuestError::from)?;
        let socket = folder.path().join("serial");
        let listener = UnixListener::bind(&socket).map_err(GuestError::from)?;
        let errors = tempfile::tempfile().map_err(GuestError::from)?;
        let mut command = command_line(setup, folder.path(), &socket)?;
        command.stdout(Stdio::null()).stderr(errors.try_clone().map_err(GuestError::from)?);
        let child = shell.spawn(&mut command)?;
        let mut qemu = Self { child, command: shown(&command), errors, _folder: folder };
        let stream = qemu.accept(&listener)?;
        let reader = stream.try_clone().map_err(GuestError::from)?;
        Ok((qemu, Port::two_way(reader, stream)))
    }

    fn accept(&mut self, listener: &UnixListener) -> Result<UnixStream, GuestError> {
        listener.set_nonblocking(true)?;
        let deadline = Instant::now() + CONNECT_PATIENCE;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(stream);
                }
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error.into()),
                Err(_) => {}
            }
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(GuestError::NotStarted(self.last_words()));
            }
            thread::sleep(POLL);
        }
    }

    /// The command line, as one would type it.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Waits for the machine to end by itself, at most `patience`; then ends it.
    pub fn wait(&mut self, patience: Duration) -> GuestExit {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return self.exit(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
                Ok(None) | Err(_) => break,
            }
        }
        self.end();
        GuestExit::Ended
    }

    fn exit(&mut self, status: ExitStatus) -> GuestExit {
        if status.code() == Some(CLEAN_STATUS) {
            return GuestExit::Clean;
        }
        GuestExit::Other { status: status.to_string(), message: self.last_words() }
    }

    fn last_words(&mut self) -> String {
        let words = self.errors.rewind().and_then(|()| io::read_to_string(&self.errors));
        last_line(words.unwrap_or_default().as_bytes())
    }

    fn end(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.end();
    }
}

/// `folder` takes the files that live as long as the machine.
fn command_line(setup: &Setup, folder: &Path, socket: &Path) -> Result<Command, Error> {
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-vga", "std", "-no-reboot"]);
    qemu.args(accelerator_arguments(setup.accelerator));
    if setup.memory_mib > MOST_BELOW_DEVICES_MIB {
        qemu.args(["-machine", "max-ram-below-4g=1G"]);
    }
    qemu.args(["-smp", "1", "-m", &format!("{}M", setup.memory_mib)]);
    qemu.arg("-chardev").arg(format!("socket,id=serial,path={},server=off", option(socket)));
    qemu.args(["-serial", "chardev:serial", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]);
    if setup.firmware == Firmware::Uefi {
        qemu.args(firmware_arguments(folder)?);
    }
    match &setup.boot {
        Boot::Direct { kernel, plan } => {
            let module = folder.join("plan.bin");
            fs::write(&module, plan).map_err(GuestError::from)?;
            qemu.arg("-kernel").arg(kernel).arg("-initrd").arg(module);
        }
        Boot::Iso(image) => {
            qemu.args(["-boot", "d", "-cdrom"]).arg(image);
        }
    }
    Ok(qemu)
}

/// A PC's devices lie below 4 GiB. Memory that does not fit beneath them is cut in two; the guest
/// wants one piece, so nearly all of it is then placed above.
const MOST_BELOW_DEVICES_MIB: u32 = 3072;

/// The memory of a machine that has `needed_mib` in one piece.
pub fn memory_with_one_piece_of(needed_mib: u32) -> u32 {
    if needed_mib > MOST_BELOW_DEVICES_MIB { needed_mib.saturating_add(1024) } else { needed_mib }
}

fn accelerator_arguments(accelerator: Accelerator) -> Vec<&'static str> {
    match accelerator {
        Accelerator::Kvm(CpuModel(model)) => vec!["-accel", "kvm", "-cpu", model],
        Accelerator::Tcg => vec!["-accel", "tcg", "-cpu", "max"],
        // A fixed shift: with `auto` the clock's unit would change in mid-run.
        Accelerator::Icount => {
            vec!["-accel", "tcg", "-cpu", "max", "-icount", "shift=7,sleep=off"]
        }
    }
}

/// QEMU's arguments for OVMF, which writes its variables: so it gets a copy of them in `folder`.
///
/// # Errors
/// OVMF is not here, or its variables cannot be copied.
pub fn firmware_arguments(folder: &Path) -> Result<[String; 4], GuestError> {
    let (code, variables) = ovmf().ok_or(GuestError::NoFirmware)?;
    let copy = folder.join("variables.fd");
    fs::copy(variables, &copy)?;
    let flash =
        |options: &str, path: &Path| format!("if=pflash,format=raw,{options}file={}", option(path));
    let [first, second] = [flash("unit=0,readonly=on,", &code), flash("unit=1,", &copy)];
    Ok(["-drive".to_owned(), first, "-drive".to_owned(), second])
}

/// A path within an option, where a comma would end it.
fn option(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::memory_with_one_piece_of;

    #[test]
    fn memory_beyond_the_devices_counts_without_what_lies_below_them() {
        assert_eq!(memory_with_one_piece_of(900), 900);
        assert_eq!(memory_with_one_piece_of(3072), 3072);
        assert_eq!(memory_with_one_piece_of(4774), 5798);
    }
}
