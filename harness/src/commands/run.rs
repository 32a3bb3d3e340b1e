//! `run`: build, boot, measure, show.

use std::time::Duration;

use jiff::Timestamp;
use wire::Plan;

use super::boot::{FAREWELL, PATIENCE, accelerator, provide_tools};
use super::conclude::{Circumstances, conclude, folder};
use super::root;
use super::trace::draft;
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::expectation::Expectation;
use crate::guest::{
    Accelerator, Boot, Firmware, Kernel, Qemu, Setup, build_kernel, hex, make_iso,
    memory_with_one_piece_of,
};
use crate::link::Answer;
use crate::modelled::rehearse;
use crate::plan::{Estimate, encode};
use crate::progress::Progress;
use crate::results::{Folder, Route};
use crate::session::listen;
use crate::tools::{QEMU, Shell};

/// Memory of a machine that nobody chose and for which the plan needs no more, in MiB.
const MEMORY_MIB: u32 = 512;

/// Carries `run` out.
pub fn run(arguments: &cli::Run) -> Result<Exit, Error> {
    let shell = cli::shell(arguments.verbose);
    let boot = arguments.boot.unwrap_or(cli::Boot::Iso);
    let firmware = arguments.firmware.unwrap_or(cli::Firmware::Bios);
    if (boot, firmware) == (cli::Boot::Direct, cli::Firmware::Uefi) {
        return Err(Error::DirectUefi);
    }
    Folder::check(arguments.out.as_deref())?;
    let (mut draft, trace) = draft(arguments)?;
    let text = trace.as_ref().map_or("", |trace| &trace.text);
    provide_tools(boot, firmware, cli::when_missing(arguments.no_install), shell)?;
    let kernel = build_kernel(&root(), shell)?;
    let accelerator =
        accelerator(arguments.machine, &kernel, &encode(&draft.plan()?, text), shell)?;
    if accelerator == Accelerator::Icount && arguments.choice.rounds.is_none() {
        draft.repeat_once();
    }
    let plan = draft.plan()?;
    let encoded = encode(&plan, text);
    let expectation = rehearsed(&plan, text)?;
    let needed_mib = announce(&plan, text, expectation.as_ref(), accelerator);
    let memory_mib = arguments.memory.or(draft.memory_mib).unwrap_or(needed_mib);
    let route = route(boot, firmware, memory_mib, accelerator, &kernel, shell);
    let (boot, image_sha256) = match boot {
        cli::Boot::Direct => (Boot::Direct { kernel: kernel.path.clone(), plan: encoded }, None),
        cli::Boot::Iso => {
            let image = make_iso(&root(), &kernel, &encoded, shell)?;
            (Boot::Iso(image.path), Some(image.sha256))
        }
    };
    let firmware = match firmware {
        cli::Firmware::Bios => Firmware::Bios,
        cli::Firmware::Uefi => Firmware::Uefi,
    };
    let setup = Setup { accelerator, boot, firmware, memory_mib };
    let route = Route { image_sha256, ..route };
    let name = format!("{}-{}", plan.name, route.machine);
    let progress = Progress::new(shell.verbosity).expecting(expectation);
    let trace_sha256 = trace.map(|trace| trace.sha256);
    measure(arguments, &setup, route, &name, trace_sha256, progress, shell)
}

/// What a plan's round takes on the modelled machine; nothing of a plan that cannot run.
pub fn rehearsed(plan: &Plan, trace: &str) -> Result<Option<Expectation>, Error> {
    runner::resolve(plan, trace).map_or(Ok(None), |resolved| rehearse(&resolved))
}

/// Says what the plan will take; the memory that its machine should have, in MiB.
fn announce(
    plan: &Plan,
    trace: &str,
    expected: Option<&Expectation>,
    accelerator: Accelerator,
) -> u32 {
    let Some(mut estimate) = Estimate::booted(plan, trace) else { return MEMORY_MIB };
    if let Some(expected) = expected {
        estimate = estimate.taking(expected.round(), accelerator.times_slower());
    }
    eprintln!("{estimate}");
    let needed = u32::try_from(estimate.memory_mib).unwrap_or(u32::MAX);
    memory_with_one_piece_of(needed).max(MEMORY_MIB)
}

fn measure(
    arguments: &cli::Run,
    setup: &Setup,
    route: Route,
    name: &str,
    trace_sha256: Option<String>,
    mut progress: Progress,
    shell: Shell,
) -> Result<Exit, Error> {
    let started = Timestamp::now();
    let (mut qemu, mut port) = Qemu::start(setup, shell)?;
    let folder = folder(arguments.out.as_deref(), started, name)?;
    let mut recording = folder.recording()?;
    let heard = listen(&mut port, Answer::Start, &mut recording, PATIENCE, &mut progress)?;
    drop(progress);
    let farewell = if heard.ending.complete { FAREWELL } else { Duration::ZERO };
    let ended = qemu.wait(farewell);
    let route = Route { qemu_command: Some(qemu.command().to_owned()), ..route };
    let repeat = Some(arguments.repeated_on(&route.machine));
    let known = Circumstances::new("run", started, route, arguments.reference, shell);
    let circumstances = Circumstances { repeat, trace_sha256, qemu: Some(&ended), ..known };
    conclude(&heard, &folder, circumstances)
}

fn route(
    boot: cli::Boot,
    firmware: cli::Firmware,
    memory_mib: u32,
    accelerator: Accelerator,
    kernel: &Kernel,
    shell: Shell,
) -> Route {
    Route {
        machine: accelerator.name().to_owned(),
        boot: Some(match boot {
            cli::Boot::Iso => "iso",
            cli::Boot::Direct => "direct",
        }),
        firmware: Some(match firmware {
            cli::Firmware::Bios => "bios",
            cli::Firmware::Uefi => "uefi",
        }),
        memory_mib: Some(memory_mib),
        qemu_version: QEMU.version(shell),
        elf_build_id: Some(hex(&kernel.build_id)),
        elf_sha256: Some(kernel.sha256.clone()),
        ..Route::default()
    }
}
