//! What a run says of schemes side by side, as a user reads it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

fn run(words: &[&str], folder: &Path) -> (Output, Value) {
    let mut command = Command::new(cargo_bin("rmapbench"));
    let workloads = ["--workloads", "calibration,fork-exit:pages=32:iterations=3"];
    command.args(["run", "--machine", "model", "--schemes", "scan,pte-next"]);
    let output = command.args(workloads).args(words).arg("--out").arg(folder).output();
    let summary = fs::read(folder.join("summary.json")).unwrap_or_else(|_| b"null".to_vec());
    (output.expect("the tool starts"), serde_json::from_slice(&summary).expect("JSON"))
}

fn fork<'s>(summary: &'s Value, scheme: &str) -> &'s Value {
    let cells = summary["cells"].as_array().expect("cells");
    let is_it = |cell: &&Value| cell["scheme"] == scheme && cell["workload"] == "fork-exit";
    let cell = cells.iter().find(is_it).expect("it ran");
    cell["ops"].as_array().expect("ops").iter().find(|op| op["op"] == "fork").expect("it forks")
}

#[test]
fn schemes_are_compared_with_the_plan_s_first() {
    let files = tempfile::tempdir().expect("a folder");
    let (output, summary) = run(&["--rounds", "8"], &files.path().join("run"));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(fork(&summary, "scan")["ratio"], Value::Null);
    for ratio in [&fork(&summary, "pte-next")["ratio"], &fork(&summary, "pte-next")["per"]["ratio"]]
    {
        assert_eq!(ratio["reference"], "scan");
        let value = ratio["value"].as_f64().expect("a ratio");
        let bound = |end: usize| ratio["interval"][end].as_f64().expect("eight rounds are enough");
        assert!(bound(0) <= value && value <= bound(1), "{ratio}");
        let words = ["slower", "faster", "no difference resolved"];
        assert!(words.iter().any(|words| ratio["verdict"] == *words), "{ratio}");
    }
    let op = fork(&summary, "scan");
    let number = |key: &str| op[key].as_u64().expect("a number");
    assert!(number("outliers") < number("n") && number("p50") <= number("outlier_fence"), "{op}");
    assert!(table.contains("| x scan ") && table.contains("| x floor "), "{table}");
}

#[test]
fn another_scheme_can_be_the_reference_and_few_rounds_allow_no_verdict() {
    let files = tempfile::tempdir().expect("a folder");
    let words = ["--rounds", "2", "--reference", "pte-next"];
    let (output, summary) = run(&words, &files.path().join("run"));
    let ratio = &fork(&summary, "scan")["ratio"];
    assert_eq!(ratio["reference"], "pte-next");
    assert_eq!((&ratio["interval"], &ratio["verdict"]), (&Value::Null, &Value::Null));
    let warning = "2 of a cell's rounds count, too few for a verdict: use --rounds 8 or more";
    assert!(summary["warnings"].as_array().expect("a list").contains(&warning.into()));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains(&format!("Warning: {warning}.")), "{table}");
}

#[test]
fn a_reference_that_does_not_run_is_refused_before_anything_runs() {
    let files = tempfile::tempdir().expect("a folder");
    let (output, _) = run(&["--reference", "hint-any"], &files.path().join("run"));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("does not run under `hint-any`"), "{said}");
}
