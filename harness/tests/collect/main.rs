//! `collect` and `replay` as a user sees them: exit status, sentence, table, files.

mod guest;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use guest::{Link, introduce, measure, measure_with_drift, say, whole_run};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use serde_json::Value as Json;
use tempfile::TempDir;
use wire::guest::SerialPort;
use wire::{Crash, HostPresence, Plan, Record, Refusal, Versions};

/// A finished call.
struct Called {
    folder: PathBuf,
    status: Option<i32>,
    stdout: String,
    stderr: String,
    _files: TempDir,
}

impl Called {
    fn json(&self, file: &str) -> Json {
        let text = fs::read_to_string(self.folder.join(file)).expect("the file is written");
        serde_json::from_str(&text).expect("it is JSON")
    }
}

fn command(words: &[&str], out: &Path) -> Command {
    let mut command = Command::new(cargo_bin("rmapbench"));
    command.args(words).arg("--out").arg(out);
    command
}

fn call(words: &[&str], files: TempDir) -> Called {
    let folder = files.path().join("result");
    let output = command(words, &folder).output().expect("the tool starts");
    Called {
        folder,
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
        _files: files,
    }
}

fn plan() -> Plan {
    guest::plan(&["fork-exit", "fork-touch"], 3)
}

/// Collects from a guest that does what `scenario` says.
fn collect(more: &[&str], scenario: impl FnOnce(&mut Link, &Plan) + Send + 'static) -> Called {
    let files = tempfile::tempdir().expect("a folder");
    let socket = files.path().join("line");
    let guest = guest::start(&socket, plan(), scenario);
    let port = format!("unix:{}", socket.display());
    let called = call(&[&["collect", "--port", &port, "--reconnect", "0"], more].concat(), files);
    guest.join().expect("the guest does not panic");
    called
}

#[test]
fn a_whole_run_is_saved_and_shown() {
    let called = collect(&[], whole_run);
    assert_eq!(called.status, Some(0), "{}", called.stderr);
    for file in ["raw.bin", "run.json", "samples.csv", "summary.json", "report.html"] {
        assert!(called.folder.join(file).metadata().expect("it is there").len() > 0, "{file}");
    }
    let samples = fs::read_to_string(called.folder.join("samples.csv")).expect("text");
    assert_eq!(samples.lines().count(), 1 + 2 * 2 * 3 * 100);
    assert!(samples.lines().any(|line| line == "11,scan,fork-exit,pages=50,2,fork,99,100"));
    insta::assert_snapshot!("table", called.stdout);
    assert!(!called.stdout.contains('\u{1b}'), "piped output is plain");
}

#[test]
fn the_summary_keeps_its_contract() {
    let summary = collect(&[], whole_run).json("summary.json");
    let keys: Vec<&String> = summary.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["cells", "complete", "execution", "schema_version", "tsc_hz", "unit", "warnings"]
    );
    let cells = summary["cells"].as_array().expect("cells");
    let order: Vec<_> =
        cells.iter().map(|c| (c["scheme"].clone(), c["workload"].clone())).collect();
    let planned =
        ["scan", "pte-next"].map(|s| ["fork-exit", "fork-touch"].map(|w| (s.into(), w.into())));
    assert_eq!(order, planned.concat(), "cells are in the plan's order, not the run's");
    insta::assert_json_snapshot!(cells[0]);
}

#[test]
fn a_replay_gives_the_same_cells() {
    let called = collect(&[], whole_run);
    let raw = called.folder.join("raw.bin");
    let replayed =
        call(&["replay", raw.to_str().expect("a path")], tempfile::tempdir().expect("a folder"));
    assert_eq!(replayed.status, Some(0), "{}", replayed.stderr);
    for file in ["summary.json", "raw.bin", "samples.csv"] {
        let read = |called: &Called| fs::read(called.folder.join(file)).expect("it is there");
        assert!(read(&called) == read(&replayed), "{file} differs");
    }
}

#[test]
fn surveys_are_a_series_and_those_behind_a_lost_one_are_not_taken() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        let workload = plan.workloads.iter().next().expect("a workload").name;
        let scheme = plan.schemes[0].as_str();
        let survey =
            |number, exact| Record::Survey { cell: 0, number, exact, partial: 0, unknown: 5 };
        say(link, &[Record::CellStarted { cell: 0, round: 0, scheme, workload }]);
        say(link, &[survey(0, 9), survey(1, 4), survey(3, 6), survey(1, 7)]);
        say(link, &[Record::CellFinished { cell: 0, failure: None }]);
        link.finish();
    });
    let point = |exact| serde_json::json!({ "exact": exact, "partial": 0, "unknown": 5 });
    let cell = &called.json("summary.json")["cells"][0];
    assert_eq!(cell["surveys"], serde_json::json!([point(9), point(4)]));
}

#[test]
fn intervals_come_with_cycles_and_rounds() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "virtualized");
        measure_with_drift(link, plan, 1, None);
        link.finish();
    });
    let summary = called.json("summary.json");
    assert_eq!(summary["unit"], "cycles");
    assert_eq!(summary["cells"][0]["ops"][0]["ci95"], serde_json::json!([100, 102]));
    assert!(called.stdout.contains("| ns "), "cycles are shown as time too: {}", called.stdout);
}

#[test]
fn a_plan_of_the_command_line_reaches_the_guest() {
    let words = ["--schemes", "hint-exclusive", "--workloads", "fork-exit", "--rounds", "2"];
    let called = collect(&words, whole_run);
    let summary = called.json("summary.json");
    let cells = summary["cells"].as_array().expect("cells").iter();
    let cells: Vec<_> = cells.map(|c| [&c["workload"], &c["scheme"], &c["rounds"]]).collect();
    let every_run_calibrates =
        serde_json::json!([["calibration", "scan", 2], ["fork-exit", "hint-exclusive", 2],]);
    assert_eq!(serde_json::json!(cells), every_run_calibrates);
}

#[test]
fn a_count_that_does_not_repeat_is_a_failure() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        measure_with_drift(link, plan, 1, None);
        link.finish();
    });
    assert_eq!(called.status, Some(1), "{}", called.stderr);
    let expected = "did not repeat: `fork` differs between rounds 1 and 2";
    assert!(called.stderr.contains(expected), "{}", called.stderr);
}

#[test]
fn rounds_that_warm_up_are_samples_but_not_results() {
    let called = collect(&["--warm-up", "1", "--rounds", "2"], |link, plan| {
        introduce(link, plan, "virtualized");
        let all = Plan { rounds: plan.warm_up + plan.rounds, ..plan.clone() };
        measure_with_drift(link, &all, 10, None);
        link.finish();
    });
    assert_eq!(called.status, Some(0), "{}", called.stderr);
    let fork = &called.json("summary.json")["cells"][1]["ops"][0];
    assert_eq!(serde_json::json!([fork["n"], fork["min"]]), serde_json::json!([200, 110]));
    let samples = fs::read_to_string(called.folder.join("samples.csv")).expect("text");
    assert!(samples.lines().any(|line| line.ends_with(",0,fork,99,100")));
}

#[test]
fn a_guest_that_goes_away_leaves_what_it_said() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        measure(link, plan, None);
        link.flush();
    });
    assert_eq!(called.status, Some(4), "{}", called.stderr);
    assert_eq!(called.json("summary.json")["complete"], false);
    assert_eq!(called.json("summary.json")["cells"].as_array().map(Vec::len), Some(4));
    assert!(called.stderr.contains("incomplete: the line was closed"), "{}", called.stderr);
}

#[test]
fn a_failed_check_is_named_and_its_numbers_are_left_out() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        measure(link, plan, Some("frame 3 is lost"));
        link.finish();
    });
    assert_eq!(called.status, Some(1));
    assert!(called.stderr.contains("failed: frame 3 is lost"), "{}", called.stderr);
    assert_eq!(called.json("summary.json")["cells"], serde_json::json!([]));
    assert_eq!(called.json("run.json")["failures"][0]["what"], "frame 3 is lost");
}

#[test]
fn a_crash_is_shown_with_registers() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        let mut registers = [0; 18];
        registers[16] = 0xFFFF_FFFF_8000_1234;
        let backtrace = [0xFFFF_FFFF_8000_5678].into_iter().collect();
        let crash = Crash {
            what: "page fault\u{1b}[2J",
            vector: Some(14),
            error_code: 2,
            fault_address: 0xDEAD_0000,
            cpu: 3,
            cell: None,
            doing: "event 812 in phase work: fork 0 -> 3",
            registers,
            backtrace,
        };
        say(link, &[Record::Crash(crash)]);
        link.finish();
    });
    assert_eq!(called.status, Some(1));
    for part in [
        "page fault",
        "vector 14",
        "0xdead0000",
        "on CPU 3",
        "event 812 in phase work: fork 0 -> 3",
        "0xffffffff80001234",
        "0xffffffff80005678",
    ] {
        assert!(called.stderr.contains(part), "no {part} in {}", called.stderr);
    }
    assert!(!called.stderr.contains('\u{1b}'), "a guest cannot redraw the user's screen");
    assert_eq!(called.json("run.json")["crash"]["vector"], 14);
}

#[test]
fn too_little_memory_is_told_in_mib() {
    let called = collect(&[], |link, plan| {
        introduce(link, plan, "exact");
        say(link, &[Record::Refused(Refusal::Memory { needed_mib: 900, present_mib: 127 })]);
        link.finish();
    });
    assert_eq!(called.status, Some(2));
    assert!(
        called.stderr.contains("900 MiB") && called.stderr.contains("127 MiB"),
        "{}",
        called.stderr
    );
}

#[test]
fn a_guest_of_another_version_is_refused_with_both_versions() {
    let files = tempfile::tempdir().expect("a folder");
    let socket = files.path().join("line");
    let guest = guest::with_line(&socket, |mut line| {
        let hello = wire::GuestMessage::Hello {
            protocol: 900,
            schema_key: *b"otherkey",
            build_id: [0; 8],
            has_plan: false,
            plan_received: 0,
        };
        let envelope = wire::Envelope { session: wire::Session(1), sequence: 0, message: hello };
        let mut room = [0; wire::MAX_FRAME];
        let frame = wire::encode_frame(&envelope, &mut room).expect("it is short");
        line.write_all(frame).expect("somebody listens");
        let _ = line.read(&mut [0]);
    });
    let called = call(&["collect", "--port", &format!("unix:{}", socket.display())], files);
    guest.join().expect("the guest does not panic");
    assert_eq!(called.status, Some(2), "{}", called.stderr);
    let ours = format!("this tool {}", Versions::OURS.protocol);
    for part in ["protocol 900", "6f746865726b6579", &ours] {
        assert!(called.stderr.contains(part), "no {part} in {}", called.stderr);
    }
}

#[test]
fn what_firmware_writes_to_the_line_is_shown_without_escapes_and_recorded() {
    let text = b"\x1b[2J\x1b[1;1HBdsDxe: starting Boot0001\r\n\x1b[0m\r\nBooting `rmapbench'\r\n";
    let called = collect(&[], |link, plan| {
        link.port_mut().send(text).expect("somebody listens");
        whole_run(link, plan);
    });
    assert_eq!(called.status, Some(0), "{}", called.stderr);
    for line in ["  | BdsDxe: starting Boot0001\n", "  | Booting `rmapbench'\n"] {
        assert!(called.stderr.contains(line), "no {line} in {}", called.stderr);
    }
    assert!(!called.stderr.contains('\u{1b}'), "firmware cannot redraw the user's screen");
    assert_eq!(called.json("run.json")["link"]["text_bytes"], text.len());
    let raw = fs::read(called.folder.join("raw.bin")).expect("it is saved");
    assert!(raw.windows(text.len()).any(|window| window == text));
}

#[test]
fn noise_is_no_result() {
    let files = tempfile::tempdir().expect("a folder");
    let socket = files.path().join("line");
    let guest = guest::with_line(&socket, |mut line| {
        let mut random = fastrand::Rng::with_seed(9);
        let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(1 << 20).collect();
        line.write_all(&noise).expect("somebody listens");
    });
    let called = call(&["collect", "--port", &format!("unix:{}", socket.display())], files);
    guest.join().expect("the guest does not panic");
    assert_eq!(called.status, Some(4), "{}", called.stderr);
    assert_eq!(called.folder.join("raw.bin").metadata().expect("saved").len(), 1 << 20);
    assert_eq!(called.json("summary.json")["execution"], Json::Null);
}

#[test]
fn ctrl_c_keeps_what_arrived() {
    interrupted_collection_keeps_what_arrived();
}

#[test]
fn ctrl_c_arrives_even_where_the_parent_blocks_it() {
    let parent = std::thread::spawn(|| {
        // Blocked in this thread, and so in what it starts.
        SigSet::all().thread_block().expect("signals can be blocked");
        interrupted_collection_keeps_what_arrived();
    });
    parent.join().expect("it holds here too");
}

fn interrupted_collection_keeps_what_arrived() {
    let files = tempfile::tempdir().expect("a folder");
    let (socket, folder) = (files.path().join("line"), files.path().join("result"));
    // The host leaves in the middle, and the guest must notice.
    let brought = Plan { host: HostPresence::Uncertain, ..plan() };
    let guest = guest::start(&socket, brought, |link, plan| {
        introduce(link, plan, "exact");
        let mut first = plan.clone();
        first.rounds = 1;
        measure(link, &first, None);
        link.flush();
        // Until the host hangs up; a host that is deaf finds the line closed, which is another ending.
        let deadline = Instant::now() + Duration::from_secs(20);
        while link.port_mut().send(b".").is_ok() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let port = format!("unix:{}", socket.display());
    let mut tool = command(&["collect", "--port", &port], &folder);
    let mut tool = tool.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    let mut said = BufReader::new(tool.stderr.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a progress line");
    assert!(line.starts_with("cell 1 of 12: pte-next x fork-touch:pages=50, round 1"), "{line}");
    kill(Pid::from_raw(tool.id().cast_signed()), Signal::SIGINT).expect("it runs");
    said.read_to_string(&mut line).expect("the rest");
    assert_eq!(tool.wait().expect("it ends").code(), Some(4), "{line}");
    guest.join().expect("the guest does not panic");
    assert!(line.contains("incomplete: interrupted; what arrived is saved"), "{line}");
    let summary = fs::read_to_string(folder.join("summary.json")).expect("it is written");
    assert!(summary.contains("\"complete\": false"));
}

#[test]
fn a_line_that_nobody_holds_is_a_missing_device() {
    let called =
        call(&["collect", "--port", "unix:/nonesuch"], tempfile::tempdir().expect("a folder"));
    assert_eq!(called.status, Some(3));
    assert!(called.stderr.contains("start the other end first"), "{}", called.stderr);
    assert!(!called.folder.exists(), "nothing arrived, nothing is saved");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let files = tempfile::tempdir().expect("a folder");
    let folder = files.path().join("result");
    fs::create_dir(&folder).expect("new");
    fs::write(folder.join("mine"), "keep").expect("room");
    let raw = folder.join("mine");
    let called = call(&["replay", raw.to_str().expect("a path")], files);
    assert_eq!(called.status, Some(2));
    assert!(called.stderr.contains("is not empty"), "{}", called.stderr);
    assert_eq!(fs::read_to_string(raw).expect("still there"), "keep");
}
