//! A console server of another hand: ser2net, with a serial device that socat makes of a guest's socket.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::guest::PATIENCE;

/// Both programs run until it is dropped.
pub struct ConsoleServer {
    programs: [Child; 2],
    address: String,
    _folder: TempDir,
}

impl ConsoleServer {
    /// Offers the guest's socket `line` by RFC 2217.
    pub fn start(line: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let device = folder.path().join("tty");
        let socat = Command::new("socat")
            .arg(format!("unix-connect:{}", line.display()))
            .arg(format!("pty,rawer,link={}", device.display()))
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run socat: {error}"))?;
        let address = free_address()?;
        let configuration = folder.path().join("ser2net.yaml");
        fs::write(&configuration, configuration_of(&device, &address))
            .map_err(|error| error.to_string())?;
        let ser2net = Command::new(program("ser2net")?)
            .args(["-n", "-u", "-c"])
            .arg(configuration)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run ser2net: {error}"))?;
        let server = Self { programs: [ser2net, socat], address, _folder: folder };
        appeared(&device)?;
        Ok(server)
    }

    /// As `--port` names it.
    pub fn port(&self) -> String {
        format!("rfc2217:{}", self.address)
    }
}

impl Drop for ConsoleServer {
    fn drop(&mut self) {
        for program in &mut self.programs {
            // Both fail only if it has ended already.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// The device is set to another rate, so that a server that sets nothing is found out.
fn configuration_of(device: &Path, address: &str) -> String {
    format!(
        "connection: &line\n  accepter: telnet(rfc2217),tcp,{}\n  connector: serialdev,{},9600n81,local\n",
        address.replace(':', ","),
        device.display()
    )
}

fn program(name: &str) -> Result<std::path::PathBuf, String> {
    harness::tools::find_program(name).ok_or_else(|| format!("{name} is missing"))
}

/// Free until now; the next to ask for any is given another.
fn free_address() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.to_string())
}

fn appeared(path: &Path) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    while !path.exists() {
        if Instant::now() > deadline {
            return Err(format!("nothing appeared at {}", path.display()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
