//! `run`: build, boot, measure, show.

use std::time::Duration;

use jiff::Timestamp;

use super::conclude::{Circumstances, conclude, folder};
use super::root;
use crate::cli::{self, Machine};
use crate::error::Error;
use crate::exit::Exit;
use crate::guest::{
    Accelerator, Boot, CpuModel, Firmware, Kernel, Nativeness, Qemu, Setup, build_kernel, hex,
    make_iso, probe,
};
use crate::link::Answer;
use crate::plan::encode;
use crate::progress::Progress;
use crate::results::{Folder, Route};
use crate::session::{Patience, listen};
use crate::tools::{GRUB, OVMF, QEMU, Shell, Tool, ensure, ensure_target};

/// From QEMU's start to the guest's first word; OVMF on a busy host takes the longest.
const GREETING: Duration = Duration::from_mins(2);

/// The longest cell keeps the line quiet for as long as it runs.
const SILENCE: Duration = Duration::from_mins(10);

/// How long QEMU may take to end after the guest said `Done`.
const FAREWELL: Duration = Duration::from_secs(5);

/// Carries `run` out.
pub fn run(arguments: &cli::Run) -> Result<Exit, Error> {
    let shell = cli::shell(arguments.verbose);
    let plan = arguments.choice.selection().resolve()?;
    if (arguments.boot, arguments.firmware) == (cli::Boot::Direct, cli::Firmware::Uefi) {
        return Err(Error::DirectUefi);
    }
    Folder::check(arguments.out.as_deref())?;
    provide_tools(arguments, shell)?;
    let kernel = build_kernel(&root(), shell)?;
    let encoded = encode(&plan);
    let accelerator = accelerator(arguments.machine, &kernel, &encoded, shell)?;
    let (boot, image_sha256) = match arguments.boot {
        cli::Boot::Direct => (Boot::Direct { kernel: kernel.path.clone(), plan: encoded }, None),
        cli::Boot::Iso => {
            let image = make_iso(&root(), &kernel, &encoded, shell)?;
            (Boot::Iso(image.path), Some(image.sha256))
        }
    };
    let firmware = match arguments.firmware {
        cli::Firmware::Bios => Firmware::Bios,
        cli::Firmware::Uefi => Firmware::Uefi,
    };
    let setup = Setup { accelerator, boot, firmware, memory_mib: arguments.memory };
    let route = Route { image_sha256, ..route(arguments, accelerator, &kernel, shell) };
    let name = format!("{}-{}", plan.name, route.machine);
    measure(arguments, &setup, route, &name, shell)
}

fn measure(
    arguments: &cli::Run,
    setup: &Setup,
    route: Route,
    name: &str,
    shell: Shell,
) -> Result<Exit, Error> {
    let started = Timestamp::now();
    let (mut qemu, mut port) = Qemu::start(setup, shell)?;
    let folder = folder(arguments.out.as_deref(), started, name)?;
    let mut recording = folder.recording()?;
    let patience = Patience { greeting: Some(GREETING), silence: Some(SILENCE) };
    let mut progress = Progress::new(shell.verbosity);
    let heard = listen(&mut port, Answer::Start, &mut recording, patience, &mut progress)?;
    drop(progress);
    let farewell = if heard.ending.complete { FAREWELL } else { Duration::ZERO };
    let ended = qemu.wait(farewell);
    let route = Route { qemu_command: Some(qemu.command().to_owned()), ..route };
    let qemu = Some(&ended);
    conclude(&heard, &folder, Circumstances { command: "run", started, route, qemu, shell })
}

fn provide_tools(arguments: &cli::Run, shell: Shell) -> Result<(), Error> {
    let mut tools: Vec<&Tool> = vec![&QEMU];
    if arguments.boot == cli::Boot::Iso {
        tools.extend(&GRUB);
    }
    if arguments.firmware == cli::Firmware::Uefi {
        tools.push(&OVMF);
    }
    ensure(&tools, arguments.when_missing(), shell)?;
    Ok(ensure_target(arguments.when_missing(), &root(), shell)?)
}

fn accelerator(
    machine: Machine,
    kernel: &Kernel,
    plan: &[u8],
    shell: Shell,
) -> Result<Accelerator, Error> {
    match machine {
        Machine::Tcg => Ok(Accelerator::Tcg),
        Machine::Icount => Ok(Accelerator::Icount),
        Machine::Kvm => match probe(kernel, plan, shell)? {
            Nativeness::Native(model) => Ok(Accelerator::Kvm(model)),
            Nativeness::NotNative(why) => {
                eprintln!("rmapbench: {why}: expect ticks, not cycles, or no guest at all");
                Ok(Accelerator::Kvm(CpuModel::ALL[CpuModel::ALL.len() - 1]))
            }
        },
        Machine::Auto => match probe(kernel, plan, shell)? {
            Nativeness::Native(model) => Ok(Accelerator::Kvm(model)),
            Nativeness::NotNative(why) => {
                eprintln!("rmapbench: {why}: counting instructions instead (--machine icount)");
                Ok(Accelerator::Icount)
            }
        },
    }
}

fn route(arguments: &cli::Run, accelerator: Accelerator, kernel: &Kernel, shell: Shell) -> Route {
    let machine = match accelerator {
        Accelerator::Kvm(_) => Machine::Kvm,
        Accelerator::Tcg => Machine::Tcg,
        Accelerator::Icount => Machine::Icount,
    };
    Route {
        machine: machine.name().to_owned(),
        boot: Some(match arguments.boot {
            cli::Boot::Iso => "iso",
            cli::Boot::Direct => "direct",
        }),
        firmware: Some(match arguments.firmware {
            cli::Firmware::Bios => "bios",
            cli::Firmware::Uefi => "uefi",
        }),
        memory_mib: Some(arguments.memory),
        qemu_version: QEMU.version(shell),
        elf_build_id: Some(hex(&kernel.build_id)),
        elf_sha256: Some(kernel.sha256.clone()),
        ..Route::default()
    }
}
