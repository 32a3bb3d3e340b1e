//! What must hold of real boots.

use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::console_server::ConsoleServer;
use super::guest::{Clock, Guest};
use super::tool::{Called, Tool, collect, port};

const DIRECT: [&str; 9] =
    ["run", "--machine", "icount", "--boot", "direct", "--seed", "7", "--rounds", "1"];

/// A plan of many cells, whose results still fit into a small machine.
const RUNS_FOR_MINUTES: [&str; 6] =
    ["--schemes", "scan,pte-next", "--workloads", "fork-exit", "--rounds", "300"];

fn iso(firmware: &str) -> [&str; 11] {
    let mut words = ["--firmware"; 11];
    words[..9].copy_from_slice(&[
        "run",
        "--machine",
        "icount",
        "--boot",
        "iso",
        "--seed",
        "7",
        "--rounds",
        "1",
    ]);
    words[10] = firmware;
    words
}

fn direct_cells(tool: &Tool) -> Result<Value, String> {
    tool.call(&DIRECT)?.expect(0)?.cells()
}

fn same(one: &Value, other: &Value) -> Result<(), String> {
    if one == other { Ok(()) } else { Err("the cells differ".to_owned()) }
}

pub fn unknown_scheme(tool: &Tool) -> Result<(), String> {
    let called = tool.call(&["run", "--schemes", "nonesuch"])?.expect(2)?;
    called.expect_stderr("there are: scan, shm-attach, pte-next").map(drop)
}

pub fn same_cells(tool: &Tool) -> Result<(), String> {
    let cells = direct_cells(tool)?;
    let count = cells.as_array().map_or(0, Vec::len);
    if count != 61 {
        return Err(format!("{count} cells instead of calibration and 10 schemes x 6 workloads"));
    }
    same(&cells, &direct_cells(tool)?)
}

pub fn quiet_line(tool: &Tool) -> Result<(), String> {
    let cells = direct_cells(tool)?;
    let cells = cells.as_array().map_or(&[][..], Vec::as_slice);
    let loud = cells.iter().find(|cell| cell["counters"]["line_bytes_while_timed"] != 0);
    match loud {
        None if !cells.is_empty() => Ok(()),
        None => Err("there are no cells".to_owned()),
        Some(cell) => {
            let count = &cell["counters"]["line_bytes_while_timed"];
            Err(format!("{} under {}: {count} bytes", cell["workload"], cell["scheme"]))
        }
    }
}

pub fn iso_on_bios(tool: &Tool) -> Result<(), String> {
    same(&tool.call(&iso("bios"))?.expect(0)?.cells()?, &direct_cells(tool)?)
}

pub fn iso_on_uefi(tool: &Tool) -> Result<(), String> {
    same(&tool.call(&iso("uefi"))?.expect(0)?.cells()?, &direct_cells(tool)?)
}

pub fn theory(tool: &Tool) -> Result<(), String> {
    let cells = direct_cells(tool)?;
    let cell = |scheme: &str, workload: &str| {
        let cells = cells.as_array()?;
        cells.iter().find(|cell| cell["scheme"] == scheme && cell["workload"] == workload)
    };
    let op = |scheme: &str, workload: &str, op: &str| {
        cell(scheme, workload)?["ops"].as_array()?.iter().find(|found| found["op"] == op)
    };
    let probes = |scheme: &str| {
        let find = op(scheme, "fork-exit", "find")?;
        Some(find["per"]["count"].as_f64()? / find["n"].as_f64()?)
    };
    let fork = |scheme: &str| op(scheme, "fork-exit", "fork")?["per"]["value"].as_f64();
    let outcome = |name: &str| cell("hint-exclusive", "fork-exit")?["outcomes"][name].as_u64();
    let expectations = [
        // In fork-exit a parent and one child share every page.
        ("pte-next takes one probe per sharer", probes("pte-next") == Some(2.0)),
        // The child comes second: its 512 slots are reached after the parent's.
        ("scan walks all tables", probes("scan") > Some(512.0)),
        ("hint-exclusive knows no shared page", outcome("find_exact") == Some(0)),
        ("hint-exclusive says unknown instead", outcome("find_unknown") == Some(16 * 8)),
        ("fork is dearer under pte-next than under scan", fork("pte-next") > fork("scan")),
        (
            "fork is dearest under pte-next",
            fork("pte-next") > fork("hint-exclusive") && fork("hint-exclusive").is_some(),
        ),
    ];
    match expectations.iter().find(|(_, holds)| !holds) {
        Some((claim, _)) => Err(format!("it does not hold that {claim}")),
        None => Ok(()),
    }
}

/// Long enough for many pages of memory, which must stay as they are.
const TRACED: &str = "fork-exit:pages=4096:children=3:iterations=4:surveys=1";

pub fn trace(tool: &Tool) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("fork-exit.trace").display().to_string();
    tool.call_without_folder(&["trace", TRACED, "-o", &file])?.expect(0)?;
    let schemes = ["--schemes", "pte-next,anon-vma-chain"];
    let run = |route: &[&str], what: [&str; 2]| {
        tool.call(&[route, &schemes, &what].concat())?.expect(0)?.cells()
    };
    let itself = figures(&run(&DIRECT, ["--workloads", TRACED])?, "fork-exit");
    for route in [&DIRECT[..], &iso("bios")] {
        let replayed = figures(&run(route, ["--trace", &file])?, "trace");
        if replayed.len() != 2 {
            return Err(format!("{} cells of a trace instead of 2", replayed.len()));
        }
        if replayed != itself {
            return Err("the trace's figures are not the workload's".to_owned());
        }
    }
    Ok(())
}

/// What the cells of a workload say, but for the names of what they ran and `events_refused`.
fn figures(cells: &Value, workload: &str) -> Vec<[Value; 4]> {
    let cells = cells.as_array().map_or(&[][..], Vec::as_slice);
    let of_it = cells.iter().filter(|cell| cell["workload"] == workload);
    of_it
        .map(|cell| ["scheme", "ops", "counters", "surveys"].map(|key| cell[key].clone()))
        .collect()
}

pub fn too_little_memory(tool: &Tool) -> Result<(), String> {
    let called = tool.call(&[&DIRECT[..8], &["200"]].concat())?.expect(2)?;
    called.expect_stderr("run with --memory")?.expect_stderr("MiB").map(drop)
}

pub fn machine_contract(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_serial_socket(&tool.kernel, "check=machine", Clock::Instructions)?;
    let called = collect(tool, &guest.line()?, &[])?;
    // The check is not a plan, so the result counts as incomplete; the fact says that it passed.
    let said = called.run_json()?["machine"]["check.machine"].as_u64();
    if said == Some(6) { Ok(()) } else { Err(format!("6 checks expected, {said:?} passed")) }
}

pub fn random_events(tool: &Tool) -> Result<(), String> {
    for machine in ["model", "tcg"] {
        let words = ["verify", "--machine", machine, "--events", "6000", "--check-every", "4"];
        tool.call_without_folder(&words)?.expect(0)?.expect_stderr("complete")?;
    }
    Ok(())
}

pub fn crash(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_serial_socket(&tool.kernel, "crash=ud2", Clock::Instructions)?;
    let called = collect(tool, &guest.line()?, &[])?.expect(1)?;
    called
        .expect_stderr("invalid opcode")?
        .expect_stderr("rehearsed::now at unikernel/src")
        .map(drop)
}

pub fn killed(tool: &Tool) -> Result<(), String> {
    let mut guest = Guest::with_serial_socket(&tool.kernel, "", Clock::Instructions)?;
    let line = guest.line()?;
    let port = port(&line);
    let words = [&["collect", "--port", &port][..], &RUNS_FOR_MINUTES].concat();
    let (child, folder) = tool.start(&words)?;
    thread::sleep(Duration::from_secs(3));
    guest.kill();
    incomplete(&Called::wait(child, folder)?.expect(4)?)
}

pub fn interrupted(tool: &Tool) -> Result<(), String> {
    let words = [&DIRECT[..5], &RUNS_FOR_MINUTES].concat();
    let (child, folder) = tool.start(&words)?;
    thread::sleep(Duration::from_secs(5));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT)
        .map_err(|error| error.to_string())?;
    incomplete(&Called::wait(child, folder)?.expect(4)?.expect_stderr("interrupted")?)
}

pub fn console_server(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_serial_socket(&tool.kernel, "", Clock::Instructions)?;
    let server = ConsoleServer::start(&guest.line()?)?;
    let port = server.port();
    // ser2net and its device start together with the tool, which may be faster.
    let words = ["collect", "--port", &port, "--baud", "230400", "--wait"];
    let called = tool.call(&[&words[..], &["--seed", "7", "--rounds", "1"]].concat())?.expect(0)?;
    same(&called.cells()?, &direct_cells(tool)?)
}

/// Cells arrived, and nobody claims that they are all.
fn incomplete(called: &Called) -> Result<(), String> {
    let summary = called.summary()?;
    if summary["complete"] != false {
        return Err("the result does not say that it is incomplete".to_owned());
    }
    match summary["cells"].as_array().map(Vec::len) {
        Some(1..) => Ok(()),
        _ => Err("nothing of what arrived was kept".to_owned()),
    }
}
