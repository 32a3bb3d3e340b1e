//! `run --machine model` and `verify` as a user calls them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rmap::SchemeId;
use serde_json::Value;

fn tool(words: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("rmapbench"));
    command.args(words);
    command
}

fn call(words: &[&str]) -> Output {
    tool(words).output().expect("the tool starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).expect("it is written")).expect("JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn a_whole_plan_runs_in_the_tool_itself_and_can_be_replayed() {
    let files = tempfile::tempdir().expect("a folder");
    let (folder, again) = (files.path().join("run"), files.path().join("again"));
    let output = call(&["run", "--machine", "model", "--rounds", "2", "--out", text(&folder)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("class model: One tick is 1 ns of this host's clock"), "{table}");
    assert!(!table.contains("CPL 0"), "no ring is crossed here: {table}");
    let summary = json(&folder, "summary.json");
    assert_eq!((&summary["execution"], &summary["unit"]), (&"model".into(), &"ticks".into()));
    assert_eq!(summary["tsc_hz"], 1_000_000_000);
    assert_eq!(summary["complete"], true);
    // Six workloads under every scheme, and calibration once.
    let cells = 1 + 6 * SchemeId::ALL.len();
    assert_eq!(summary["cells"].as_array().map(Vec::len), Some(cells));
    let run = json(&folder, "run.json");
    assert_eq!(run["route"]["machine"], "model");
    assert_eq!(run["route"]["boot"], Value::Null);
    assert_eq!(run["plan"]["activity"], "measure");
    let raw = folder.join("raw.bin");
    let replayed = call(&["replay", text(&raw), "--out", text(&again)]);
    assert_eq!(replayed.status.code(), Some(0), "{}", said(&replayed));
    for file in ["summary.json", "samples.csv", "raw.bin"] {
        let read = |folder: &Path| fs::read(folder.join(file)).expect("it is there");
        assert!(read(&folder) == read(&again), "{file} differs");
    }
}

const SWEEP: &str = r#"
    name = "sweep"
    rounds = 2
    [[group]]
    schemes = ["scan", "pte-next"]
    workload = "fork-exit"
    pages = [16, 32]
    iterations = 2
    [[group]]
    schemes = ["pte-next"]
    workload = "fork-exit"
    pages = 64
"#;

#[test]
fn cells_that_differ_in_a_parameter_alone_are_told_apart_everywhere() {
    let files = tempfile::tempdir().expect("a folder");
    let (plan, folder) = (files.path().join("sweep.toml"), files.path().join("run"));
    fs::write(&plan, SWEEP).expect("room");
    let words = ["run", "--machine", "model", "--plan", text(&plan), "--out", text(&folder)];
    let output = call(&words);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("plan sweep: 6 cells in 2 rounds, needs about "));
    let summary = json(&folder, "summary.json");
    let swept = |cell: &&Value| cell["workload"] == "fork-exit";
    let cells: Vec<_> = summary["cells"].as_array().expect("cells").iter().filter(swept).collect();
    let names: Vec<_> = cells
        .iter()
        .map(|cell| (cell["scheme"].as_str().expect("a name"), cell["params"]["pages"].as_u64()))
        .collect();
    let expected =
        [("scan", 16), ("scan", 32), ("pte-next", 16), ("pte-next", 32), ("pte-next", 64)];
    assert_eq!(names, expected.map(|(scheme, pages)| (scheme, Some(pages))));
    assert!(cells.iter().all(|cell| cell["rounds"] == 2));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let headings: Vec<&str> =
        table.lines().filter(|line| line.starts_with("fork-exit  (")).collect();
    assert_eq!(headings.len(), 3, "{table}");
    let samples = fs::read_to_string(folder.join("samples.csv")).expect("it is written");
    for pages in [16, 32, 64] {
        assert!(samples.contains(&format!("pages={pages}")), "pages {pages}");
    }
    let run = json(&folder, "run.json");
    assert_eq!(run["plan"]["workloads"].as_array().map(Vec::len), Some(4));
    assert_eq!(run["plan"]["workloads"][2]["schemes"], serde_json::json!(["pte-next"]));
    let repeat = format!("cargo rmapbench run --plan {} --machine model", text(&plan));
    assert_eq!(run["repeat"], repeat);
}

#[test]
fn a_trace_takes_the_place_of_the_plans_workloads() {
    let files = tempfile::tempdir().expect("a folder");
    let (file, folder) = (files.path().join("own.trace"), files.path().join("run"));
    fs::write(&file, "spawn 0\nfork 0 -> 1\nexit 1\nexit 1\n").expect("room");
    let words = ["run", "--machine", "model", "--trace", text(&file), "--out", text(&folder)];
    let output = call(&[&words[..], &["--schemes", "pte-next,anon-vma-chain"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let summary = json(&folder, "summary.json");
    let cells: Vec<_> = summary["cells"].as_array().expect("cells").iter().collect();
    let names: Vec<_> = cells.iter().map(|cell| [&cell["scheme"], &cell["workload"]]).collect();
    let expected = [["scan", "calibration"], ["pte-next", "trace"], ["anon-vma-chain", "trace"]];
    assert_eq!(names, expected);
    for cell in &cells[1..] {
        assert_eq!(cell["params"], serde_json::json!({ "events": 4 }));
        assert_eq!(cell["outcomes"]["events_refused"], 3, "one in each of three rounds");
    }
    let run = json(&folder, "run.json");
    assert_eq!(run["trace_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(run["plan"]["trace"]["events"], 4);
    let repeat = format!(" --schemes pte-next,anon-vma-chain --trace {}", text(&file));
    assert!(run["repeat"].as_str().is_some_and(|it| it.ends_with(&repeat)), "{}", run["repeat"]);
}

#[test]
fn the_model_boots_nothing() {
    for flag in [["--boot", "iso"], ["--firmware", "bios"]] {
        let output = call(&[&["run", "--machine", "model"], &flag[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        let expected = format!("boots nothing; leave {} out", flag[0]);
        assert!(said(&output).contains(&expected), "{}", said(&output));
    }
}

#[test]
fn too_little_memory_for_the_model_is_refused() {
    let files = tempfile::tempdir().expect("a folder");
    let folder = files.path().join("run");
    let words = ["run", "--machine", "model", "--memory", "16M", "--out", text(&folder)];
    let output = call(&words);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("can have 16 MiB; free memory"), "{}", said(&output));
}

/// Interrupts the tool when it has said its first line; its exit status and what it said.
fn interrupted(words: &[&str]) -> (Option<i32>, String) {
    let mut command = tool(words);
    let mut child =
        command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the tool starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    stderr.read_line(&mut said).expect("a line of progress");
    // The first cells are over by then.
    std::thread::sleep(std::time::Duration::from_millis(500));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it runs");
    stderr.read_to_string(&mut said).expect("the rest");
    let output = child.wait_with_output().expect("it ends");
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    (output.status.code(), said)
}

#[test]
fn ctrl_c_keeps_what_the_model_measured() {
    let files = tempfile::tempdir().expect("a folder");
    let folder = files.path().join("run");
    let words = ["run", "--machine", "model", "--rounds", "3000", "--out", text(&folder)];
    let (status, said) = interrupted(&words);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("incomplete: interrupted; what arrived is saved"), "{said}");
    let summary = json(&folder, "summary.json");
    assert_eq!(summary["complete"], false);
    assert!(summary["cells"].as_array().is_some_and(|cells| !cells.is_empty()), "{said}");
}

#[test]
fn random_events_end_with_a_line_for_each_scheme() {
    let output = call(&["verify", "--events", "302", "--seed", "9", "--schemes", "scan,pte-next"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = lines.lines().collect();
    let expected = "151 events, 152 checks, 0 mismatches, seed 9, ";
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, scheme) in lines.iter().zip(["scan", "pte-next"]) {
        assert!(line.starts_with(scheme) && line.contains(expected), "{line}");
    }
    let rarely = call(&["verify", "--events", "300", "--schemes", "scan", "--check-every", "100"]);
    assert!(String::from_utf8_lossy(&rarely.stdout).contains("300 events, 4 checks"));
}

#[test]
fn ctrl_c_says_how_far_random_events_came() {
    let (status, said) = interrupted(&["verify", "--events", "1000000000", "--schemes", "scan"]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("incomplete: interrupted\n"), "nothing is saved: {said}");
    assert!(said.contains(" events, "), "{said}");
}

fn replay(trace: &str, more: &[&str]) -> Output {
    let files = tempfile::tempdir().expect("a folder");
    let path = files.path().join("events.trace");
    fs::write(&path, trace).expect("room");
    call(&[&["verify", "--trace", text(&path)], more].concat())
}

#[test]
fn a_trace_is_replayed_under_every_scheme() {
    let output = replay("spawn 0\nfork 0 -> 3 # a family\nexit 3\n", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        lines.lines().filter(|line| line.contains("3 events, 4 checks")).count(),
        SchemeId::ALL.len()
    );
}

#[test]
fn a_line_that_is_no_event_is_named_with_column_and_cause() {
    let output = replay("spawn 0\n\n  exit zero\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("events.trace: line 3, column 8: "), "{said}");
    assert!(said.contains("`zero`") && said.contains("a process number"), "{said}");
}

#[test]
fn an_event_that_makes_no_sense_is_refused_with_a_reason() {
    let output = replay("spawn 0\nexit 0\nexit 0\n", &["--schemes", "scan"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("events.trace: line 3: under scan, process 0 does not exist"), "{said}");
}

#[test]
fn bad_usage_of_verify_is_told() {
    for (words, mend) in [
        (&["verify", "--cpus", "2"][..], "write 1 or leave it out"),
        (&["verify", "--events", "0"], "--events"),
        (&["verify", "--check-every", "0"], "--check-every"),
        (&["verify", "--schemes", "nonesuch"], "there are: scan, "),
        (&["verify", "--trace", "/nonesuch"], "cannot read /nonesuch"),
        (&["verify", "--trace", "x", "--machine", "tcg"], "leave --machine out"),
        (&["verify", "--trace", "x", "--events", "7"], "--events"),
    ] {
        let output = call(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(said(&output).contains(mend), "{words:?}: {}", said(&output));
    }
}
