//! `report --document mail-1998`: the whole document from small results with invented numbers, and what
//! is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use harness::document::{Document, Evidence};
use harness::plan::{Draft, Selection};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail-1998").join(name)
}

fn expected() -> Draft {
    let plan = fixture("plan.toml").to_str().map(str::to_owned);
    Selection { plan, ..Selection::default() }.draft().expect("a plan of ours")
}

fn text(folders: &[PathBuf]) -> String {
    let evidence = Evidence::read(folders).expect("results of ours");
    Document::Mail1998.text(&evidence, &expected())
}

fn report(words: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("rmapbench"));
    command.arg("report").args(words).args(["--document", "mail-1998"]);
    command.output().expect("the tool starts")
}

/// A copy of the exact result in which `old` is written as `new`.
fn altered(file: &str, old: &str, new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["run.json", "summary.json"] {
        let text = fs::read_to_string(fixture("exact").join(name)).expect("a fixture");
        let text = if name == file { text.replace(old, new) } else { text };
        fs::write(folder.path().join(name), text).expect("room");
    }
    folder
}

#[test]
fn every_guess_stands_beside_its_figures() {
    insta::assert_snapshot!("mail_1998", text(&[fixture("exact"), fixture("model")]));
}

#[test]
fn equal_results_make_equal_documents() {
    let copy = altered("none", "", "");
    assert_eq!(text(&[fixture("exact")]), text(&[copy.path().to_owned()]));
}

#[test]
fn an_answer_follows_the_figures() {
    let says =
        |text: &str| text.contains("`pte-next` (class exact): the reverse map takes 0.25 to 0.90");
    assert!(says(&text(&[fixture("exact")])));
    let other =
        altered("summary.json", "\"metadata_peak_bytes\": 262144", "\"metadata_peak_bytes\": 99");
    let text = text(&[other.path().to_owned()]);
    assert!(!says(&text) && text.contains("smaller at every setting"), "{text}");
}

#[test]
fn a_document_is_written_to_its_file() {
    let files = tempfile::tempdir().expect("a folder");
    let file = files.path().join("document.md");
    let (folder, out) = (fixture("exact"), file.to_str().expect("a path"));
    let output = report(&[folder.to_str().expect("a path"), "-o", out]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let written = fs::read_to_string(&file).expect("it is written");
    assert!(written.starts_with("# The mail of 1998, measured\n"));
    assert!(!written.contains(files.path().to_str().expect("a path")), "no folder is named");
}

#[test]
fn what_is_no_evidence_is_refused() {
    let refused = |folder: &Path| {
        let output = report(&[folder.to_str().expect("a path")]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).expect("text")
    };
    let emulated = altered("summary.json", "\"exact\", \"tsc", "\"emulated\", \"tsc");
    assert!(refused(emulated.path()).contains("is of class emulated"));
    let newer = altered("summary.json", "\"schema_version\": 1", "\"schema_version\": 2");
    assert!(refused(newer.path()).contains("its schema is 2, not 1"));
    let planless = altered("run.json", "\"plan\"", "\"plans\"");
    assert!(refused(planless.path()).contains("it names no plan"));
    assert!(refused(Path::new("/nonesuch")).contains("cannot read /nonesuch/summary.json"));
}
