//! Guests that cannot go on, and how they say so.

use super::guest::{Clock, Guest};
use super::tool::{Tool, collect};

/// Two pairs of scheme and workload; cell 1 is one of them, and not calibration.
const TWO_PAIRS: [&str; 6] =
    ["--schemes", "scan,pte-next", "--workloads", "fork-exit:pages=64", "--rounds", "1"];

pub fn hang(tool: &Tool) -> Result<(), String> {
    let words = "crash=hang:1:3 watchdog=1";
    let guest = Guest::with_serial_socket(&tool.kernel, words, Clock::Host)?;
    let called = collect(tool, &guest.line()?, &TWO_PAIRS)?.expect(1)?;
    called
        .expect_stderr("hang: no step has begun")?
        .expect_stderr("event 3 in phase set_up")?
        .expect_stderr("rehearsed::now at unikernel/src")
        .map(drop)
}

pub fn every_kind(tool: &Tool) -> Result<(), String> {
    for (kind, said) in [
        ("ud2", "invalid opcode (vector 6"),
        ("fault", "page fault (vector 14"),
        ("assert", "assertion `left == right` failed"),
        ("stack", "stack overflow (vector 8"),
    ] {
        let words = format!("crash={kind}:1:3");
        let guest = Guest::with_serial_socket(&tool.kernel, &words, Clock::Instructions)?;
        let called = collect(tool, &guest.line()?, &TWO_PAIRS)?.expect(1)?;
        called.expect_stderr(said)?.expect_stderr("event 3 in phase set_up: touch")?;
    }
    Ok(())
}

pub fn skipped(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_serial_socket(&tool.kernel, "crash=ud2:0:3", Clock::Instructions)?;
    let crashed = collect(tool, &guest.line()?, &TWO_PAIRS)?.expect(1)?;
    let mend = crashed.stderr.split_once("add --skip ").ok_or("the mend is not named")?.1;
    let pair = mend.lines().next().unwrap_or_default();
    let guest = Guest::with_serial_socket(&tool.kernel, "", Clock::Instructions)?;
    let rest = collect(tool, &guest.line()?, &[&TWO_PAIRS[..], &["--skip", pair]].concat())?;
    let cells = rest.expect(0)?.cells()?;
    match cells.as_array().map(Vec::len) {
        Some(2) => Ok(()),
        count => Err(format!("calibration and one pair make 2 cells, not {count:?}")),
    }
}

pub fn too_hungry(tool: &Tool) -> Result<(), String> {
    let plan = "name = \"hungry\"\n[[group]]\nschemes = [\"scan\"]\nworkload = \"fork-exit\"\n\
                pages = [64, 65536]\niterations = 1\n";
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("hungry.toml");
    std::fs::write(&file, plan).map_err(|error| error.to_string())?;
    let plan = file.display().to_string();
    let run = ["run", "--machine", "icount", "--boot", "direct", "--memory", "96M", "--plan"];
    let called = tool.call(&[&run[..], &[&plan]].concat())?.expect(4)?;
    let called = called.expect_stderr("scan x fork-exit:iterations=1:pages=65536, which needs")?;
    let summary = called.summary()?;
    let ran = summary["cells"].as_array().into_iter().flatten();
    let timed = ran.filter(|cell| cell["ops"].as_array().is_some_and(|ops| !ops.is_empty()));
    match timed.count() {
        2 => Ok(()),
        count => Err(format!("{count} cells ran instead of calibration and the small one")),
    }
}
