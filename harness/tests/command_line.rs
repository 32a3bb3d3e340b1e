//! What the command line says of itself, and what it answers to what it does not know.

use std::fs;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

fn call(words: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("rmapbench"));
    command.args(words).env("COLUMNS", "100").output().expect("the tool starts")
}

fn stdout(words: &[&str]) -> String {
    let output = call(words);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("text")
}

fn refused(words: &[&str]) -> String {
    let output = call(words);
    assert_eq!(output.status.code(), Some(2), "{words:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("help", stdout(&["--help"]));
    insta::assert_snapshot!("help_run", stdout(&["run", "--help"]));
    insta::assert_snapshot!("help_collect", stdout(&["collect", "--help"]));
    insta::assert_snapshot!("help_image", stdout(&["image", "--help"]));
    insta::assert_snapshot!("help_verify", stdout(&["verify", "--help"]));
    insta::assert_snapshot!("help_trace", stdout(&["trace", "--help"]));
    insta::assert_snapshot!("help_replay", stdout(&["replay", "--help"]));
    insta::assert_snapshot!("help_report", stdout(&["report", "--help"]));
}

#[test]
fn lists_name_what_exists() {
    insta::assert_snapshot!("list_machines", stdout(&["list", "machines"]));
    insta::assert_snapshot!("list_plans", stdout(&["list", "plans"]));
    for (what, name) in [("schemes", "pte-next "), ("workloads", "fork-touch ")] {
        let listed = stdout(&["list", what]);
        assert!(listed.lines().any(|line| line.starts_with(name)), "{listed}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_what_exists() {
    for (flag, known) in [
        ("--schemes", "scan, shm-attach, pte-next"),
        ("--workloads", "fork-exit"),
        ("--plan", "quick"),
    ] {
        let said = refused(&["run", flag, "nonesuch"]);
        assert!(said.contains("`nonesuch`; there are: ") && said.contains(known), "{said}");
    }
}

#[test]
fn bad_usage_is_told_before_anything_is_done() {
    assert!(refused(&["run", "--boot", "direct", "--firmware", "uefi"]).contains("use --boot iso"));
    assert!(refused(&["run", "--memory", "lots"]).contains("512M or 2G"));
    assert!(refused(&["run", "--rounds", "0"]).contains("--rounds"));
    assert!(refused(&["image", "--com", "5"]).contains("COM1 to COM4"));
    assert!(refused(&["image", "--baud", "9601"]).contains("57600, 115200, 230400"));
    assert!(refused(&["image", "--plan", "nonesuch"]).contains("there are: quick"));
    assert!(refused(&["image", "--kind", "pxe", "-o", "src"]).contains("src is not empty"));
    assert!(refused(&["replay", "/nonesuch/raw.bin"]).contains("cannot read /nonesuch/raw.bin"));
}

#[test]
fn a_trace_says_what_it_is_of_and_lists_its_events() {
    let trace = stdout(&["trace", "fork-exit:pages=1:iterations=1"]);
    let expected = "\
        # cargo rmapbench trace fork-exit:pages=1:children=1:iterations=1:finds=8:rewrites=32:\
        density=512:surveys=0\n\
        spawn 0\n\
        mmap 0 0x40000+1 vacant private rw small\n\
        touch 0 0x40000 write\n\
        phase work\n\
        fork 0 -> 1\n\
        frame find 0 0x40000\n\
        exit 1\n\
        touch 0 0x40000 write\n";
    assert_eq!(trace, expected);
    assert!(refused(&["trace", "fork"]).contains("unknown workload `fork`; there are: "));
    assert!(refused(&["trace", "fork-exit:pags=1"]).contains("there are: pages, children"));
}

#[test]
fn a_trace_that_cannot_be_replayed_is_told_before_anything_is_done() {
    let files = tempfile::tempdir().expect("a folder");
    let file = files.path().join("own.trace");
    let path = file.to_str().expect("a path");
    for (text, what) in [
        ("spawn 0\n\n  exit zero\n", "line 3, column 8: `zero` is out of place; write a process"),
        ("# nothing\n", "there is no event in it; see `rmapbench trace --help`"),
    ] {
        fs::write(&file, text).expect("room");
        let said = refused(&["run", "--trace", path]);
        assert!(said.starts_with(&format!("rmapbench: {path}: {what}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let said = refused(&["run", "--trace", path, "--workloads", "fork-exit"]);
    assert!(said.contains("leave --workloads or --trace out"), "{said}");
    assert!(refused(&["run", "--trace", "/nonesuch"]).contains("cannot read /nonesuch"));
    assert!(refused(&["collect", "--port", "-", "--trace", path]).contains("--trace"));
}

#[test]
fn a_plan_that_is_wrong_is_told_with_line_and_column_before_anything_is_done() {
    let files = tempfile::tempdir().expect("a folder");
    let file = files.path().join("own.toml");
    let path = file.to_str().expect("a path");
    fs::write(&file, "name = \"own\"\n[[group]]\nschemes = \"all\"\nworkload = \"fork\"\n")
        .expect("room");
    let said = refused(&["run", "--plan", path]);
    let expected =
        format!("rmapbench: {path}: line 4, column 12: unknown workload `fork`; there are: ");
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        refused(&["run", "--plan", "/nonesuch.toml"])
            .contains("cannot read the plan /nonesuch.toml")
    );
}
