//! `collect` on every kind of port, as a user sees it: what arrives, what is said, how it ends; and what
//! happens when the other end goes away and comes back.

#[path = "../collect/guest.rs"]
mod guest;
mod peer;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use assert_cmd::cargo::cargo_bin;
use guest::whole_run;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use peer::{Cut, Pty, carry, carry_telnet};
use rfc2217::{PortSettings, Server};
use serde_json::Value as Json;
use tempfile::TempDir;
use wire::{HostPresence, Plan};

/// Enough bytes of the guest for its greeting and some cells.
const MIDDLE: usize = 1500;

fn plan() -> Plan {
    guest::plan(&["fork-exit"], 20)
}

/// A guest that measures, somewhere behind a socket in `files`.
struct Guest {
    files: TempDir,
    life: JoinHandle<()>,
}

impl Guest {
    fn start(plan: Plan) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let life = guest::start(&files.path().join("guest"), plan, whole_run);
        Self { files, life }
    }

    /// The guest's end of the cable.
    fn cable(&self) -> UnixStream {
        UnixStream::connect(self.files.path().join("guest")).expect("the guest listens")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }
}

/// As [`plan`], for a guest that must notice when it is left alone.
fn lonely_plan() -> Plan {
    Plan { host: HostPresence::Uncertain, ..plan() }
}

fn collect(port: &str, folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("rmapbench"));
    command.args(["collect", "--port", port]).args(more).arg("--out").arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// How a call ended: its exit status and what it said.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

/// Collects at `port` from a guest whose line `peer` brings there; all must arrive, whatever the line
/// goes through. What the tool said.
fn complete(
    guest: Guest,
    port: &str,
    more: &[&str],
    peer: impl FnOnce(UnixStream) + Send + 'static,
) -> String {
    let cable = guest.cable();
    let peer = thread::spawn(move || peer(cable));
    let folder = guest.path("result");
    let tool = collect(port, &folder, more).spawn().expect("the tool starts");
    let (status, said) = end(tool);
    assert_eq!(status, Some(0), "{said}");
    peer.join().expect("the peer does not panic");
    guest.life.join().expect("the guest does not panic");
    assert_eq!(cells(&folder), undisturbed());
    said
}

fn cells(folder: &Path) -> Json {
    let summary = fs::read(folder.join("summary.json")).expect("it is written");
    let summary: Json = serde_json::from_slice(&summary).expect("it is JSON");
    summary["cells"].clone()
}

/// The cells that a guest's own socket gives.
fn undisturbed() -> Json {
    let guest = Guest::start(plan());
    let folder = guest.path("result");
    let port = format!("unix:{}", guest.path("guest").display());
    let (status, said) = end(collect(&port, &folder, &[]).spawn().expect("the tool starts"));
    assert_eq!(status, Some(0), "{said}");
    cells(&folder)
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

#[test]
fn tcp_carries_bytes_as_they_are() {
    let (listener, address) = listener();
    complete(Guest::start(plan()), &format!("tcp:{address}"), &[], move |cable| {
        carry(&cable, &listener.accept().expect("the tool").0, Cut::Never);
    });
}

#[test]
fn a_peer_that_dies_in_mid_run_and_comes_back_costs_nothing() {
    let (listener, address) = listener();
    let said = complete(Guest::start(plan()), &format!("tcp:{address}"), &[], move |cable| {
        for _ in 0..3 {
            carry(&cable, &listener.accept().expect("the tool").0, Cut::After(MIDDLE));
        }
        carry(&cable, &listener.accept().expect("the tool").0, Cut::Never);
    });
    assert_eq!(said.matches("looking for it again for 30 s").count(), 3, "{said}");
    assert_eq!(said.matches("the line is back").count(), 3, "{said}");
}

#[test]
fn a_console_server_sets_its_line_and_its_telnet_leaves_no_trace() {
    let (listener, address) = listener();
    let fast = ["--baud", "921600"];
    complete(Guest::start(plan()), &format!("rfc2217:{address}"), &fast, move |cable| {
        let mut server = Server::new(PortSettings::default());
        carry_telnet(&cable, &listener.accept().expect("the tool").0, &mut server, Cut::Never);
        assert_eq!(server.settings(), PortSettings { baud_rate: 921_600, ..Default::default() });
    });
}

#[test]
fn a_console_server_that_was_restarted_is_set_again() {
    let (listener, address) = listener();
    complete(Guest::start(plan()), &format!("rfc2217:{address}"), &[], move |cable| {
        for cut in [Cut::After(MIDDLE), Cut::Never] {
            let mut server = Server::new(PortSettings::default());
            carry_telnet(&cable, &listener.accept().expect("the tool").0, &mut server, cut);
            assert_eq!(server.settings().baud_rate, 115_200);
        }
    });
}

#[test]
fn a_device_is_set_and_held() {
    let guest = Guest::start(plan());
    let (pty, link) = (Pty::open(), guest.path("tty"));
    pty.appear_at(&link);
    let device = link.display().to_string();
    let held = link.clone();
    complete(guest, &device, &["--baud", "460800"], move |cable| {
        pty.carry(&cable, Cut::Never, || {
            let second = serialport::new(held.to_string_lossy(), 9600).open();
            assert!(second.is_err(), "the device is open for one program alone");
        });
        assert_eq!(pty.rate(), 460_800);
    });
}

#[test]
fn a_device_that_is_unplugged_and_comes_back_is_opened_again() {
    let guest = Guest::start(plan());
    let link = guest.path("tty");
    let first = Pty::open();
    first.appear_at(&link);
    let device = link.display().to_string();
    let said = complete(guest, &device, &[], move |cable| {
        first.carry(&cable, Cut::After(MIDDLE), || {});
        fs::remove_file(&link).expect("it was there");
        drop(first);
        let second = Pty::open();
        second.appear_at(&link);
        second.carry(&cable, Cut::Never, || {});
    });
    assert!(said.contains("the line is back"), "{said}");
}

#[test]
fn standard_input_is_a_line_without_a_way_back() {
    let guest = Guest::start(plan());
    let port = format!("unix:{}", guest.path("guest").display());
    let (status, said) = end(collect(&port, &guest.path("first"), &[]).spawn().expect("it starts"));
    assert_eq!(status, Some(0), "{said}");
    let folder = guest.path("second");
    let line = fs::File::open(guest.path("first/raw.bin")).expect("every byte is kept");
    let (status, said) = end(collect("-", &folder, &[]).stdin(line).spawn().expect("it starts"));
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(cells(&folder), cells(&guest.path("first")));
}

/// A relay that goes away in mid-run and does not come back, and its address.
fn peer_that_leaves(cable: UnixStream) -> (JoinHandle<()>, String) {
    let (listener, address) = listener();
    let peer = thread::spawn(move || {
        carry(&cable, &listener.accept().expect("the tool").0, Cut::After(MIDDLE));
        drop((listener, cable));
    });
    (peer, address)
}

#[test]
fn a_line_that_stays_away_leaves_what_arrived() {
    for (patience, sought) in [("1", true), ("0", false)] {
        let guest = Guest::start(lonely_plan());
        let (peer, address) = peer_that_leaves(guest.cable());
        let folder = guest.path("result");
        let port = format!("tcp:{address}");
        let tool = collect(&port, &folder, &["--reconnect", patience]).spawn().expect("it starts");
        let (status, said) = end(tool);
        peer.join().expect("the peer does not panic");
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains("incomplete: the line was closed before the end"), "{said}");
        assert_eq!(said.contains("looking for it again for 1 s"), sought, "{said}");
        let raw = fs::metadata(folder.join("raw.bin")).expect("it is there").len();
        assert_eq!(raw, MIDDLE as u64, "what arrived is saved");
    }
}

#[test]
fn ctrl_c_ends_the_search() {
    let guest = Guest::start(lonely_plan());
    let (peer, address) = peer_that_leaves(guest.cable());
    let folder = guest.path("result");
    let mut tool = collect(&format!("tcp:{address}"), &folder, &["--reconnect", "600"])
        .spawn()
        .expect("it starts");
    let rest = interrupt_after(&mut tool, "looking for it again");
    assert_eq!(tool.wait().expect("it ends").code(), Some(4), "{rest}");
    assert!(rest.contains("incomplete: interrupted; what arrived is saved"), "{rest}");
    assert!(folder.join("summary.json").exists());
    peer.join().expect("the peer does not panic");
}

#[test]
fn a_peer_that_is_not_there_yet_is_waited_for_if_asked() {
    let guest = Guest::start(plan());
    let files = tempfile::tempdir().expect("a folder");
    let link = files.path().join("tty");
    let device = link.display().to_string();
    let said = complete(guest, &device, &["--wait"], move |cable| {
        // Later than the tool looks for it for the first time.
        thread::sleep(std::time::Duration::from_millis(500));
        let pty = Pty::open();
        pty.appear_at(&link);
        pty.carry(&cable, Cut::Never, || {});
    });
    assert!(said.contains("is not there yet") && said.contains("waiting for it"), "{said}");
}

#[test]
fn ctrl_c_ends_the_wait_and_leaves_nothing() {
    let files = tempfile::tempdir().expect("a folder");
    let folder = files.path().join("result");
    let mut tool = collect("unix:/nonesuch", &folder, &["--wait"]).spawn().expect("it starts");
    let rest = interrupt_after(&mut tool, "waiting for it");
    assert_eq!(tool.wait().expect("it ends").code(), Some(4), "{rest}");
    assert!(rest.contains("interrupted before anything was measured"), "{rest}");
    assert!(!folder.exists());
}

/// Sends Ctrl-C as soon as the tool says `sign`; what it says from then on.
fn interrupt_after(tool: &mut Child, sign: &str) -> String {
    let mut said = BufReader::new(tool.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains(sign) {
        line.clear();
        assert!(said.read_line(&mut line).expect("text") > 0, "it never says `{sign}`");
    }
    kill(Pid::from_raw(tool.id().cast_signed()), Signal::SIGINT).expect("it runs");
    line.clear();
    said.read_to_string(&mut line).expect("text");
    line
}

/// What `collect` says of a TCP peer that greets it with `greeting` and then waits.
fn greeted_with(scheme: &str, greeting: &'static [u8]) -> (Option<i32>, String) {
    let (listener, address) = listener();
    let peer = thread::spawn(move || {
        let mut host = listener.accept().expect("the tool").0;
        std::io::Write::write_all(&mut host, greeting).expect("room");
        let _ = std::io::copy(&mut host, &mut std::io::sink());
    });
    let files = tempfile::tempdir().expect("a folder");
    let port = format!("{scheme}:{address}");
    let ended = end(collect(&port, &files.path().join("result"), &[]).spawn().expect("it starts"));
    peer.join().expect("the peer does not panic");
    ended
}

#[test]
fn telnet_on_a_raw_port_is_noticed() {
    // IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD
    let (status, said) = greeted_with("tcp", b"\xff\xfb\x01\xff\xfb\x03");
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("the other end speaks telnet; name it as rfc2217:HOST:PORT"), "{said}");
    assert!(!said.contains("looking for it"), "{said}");
}

#[test]
fn a_server_that_sets_no_line_is_told_from_one_that_has_not_the_rate() {
    // IAC DONT COM-PORT-OPTION
    let (status, said) = greeted_with("rfc2217", b"\xff\xfe\x2c");
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("if it is a raw port, name it as tcp:HOST:PORT"), "{said}");
    // IAC DO COM-PORT-OPTION; SERVER-SET-BAUDRATE 9600
    let other_rate = b"\xff\xfd\x2c\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0";
    let (status, said) = greeted_with("rfc2217", other_rate);
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("baud rate; choose a --baud that it has"), "{said}");
}

#[test]
fn bad_ports_and_rates_are_bad_usage() {
    let files = tempfile::tempdir().expect("a folder");
    for (port, baud, mend) in [
        ("tcp:host", "9600", "write it as tcp:HOST:PORT"),
        ("-", "115201", "57600, 115200, 230400, 460800, 921600"),
    ] {
        let folder = files.path().join("result");
        let words = ["--baud", baud];
        let (status, said) = end(collect(port, &folder, &words).spawn().expect("it starts"));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(mend), "{said}");
    }
}
