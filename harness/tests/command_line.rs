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
    insta::assert_snapshot!("help_verify", stdout(&["verify", "--help"]));
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
    assert!(refused(&["replay", "/nonesuch/raw.bin"]).contains("cannot read /nonesuch/raw.bin"));
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
