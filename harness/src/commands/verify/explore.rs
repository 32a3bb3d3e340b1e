//! Random events on the model or in a booted guest: one conversation either way.

use std::env;
use std::time::Duration;

use wire::Plan;

use crate::cli::{self, Boot, Firmware};
use crate::commands::boot::{FAREWELL, PATIENCE, accelerator, provide_tools};
use crate::commands::root;
use crate::error::Error;
use crate::guest::{self, GuestExit, Qemu, Setup, build_kernel};
use crate::link::Answer;
use crate::modelled::{self, available_mib};
use crate::plan::encode;
use crate::port::Port;
use crate::progress::Progress;
use crate::session::{Heard, Recording, listen};
use crate::verify::{EventEngine, Stopwatch, VerifyProgress};

/// Memory of a guest; a world of random events is small.
const MEMORY_MIB: u32 = 128;

/// What came of the events.
pub(super) struct Explored {
    /// What was said about them.
    pub(super) heard: Heard,
    /// How the guest's machine ended, if there was one.
    pub(super) qemu: Option<GuestExit>,
    /// How long each scheme took.
    pub(super) stopwatch: Stopwatch,
}

pub(super) fn on_the_model(arguments: &cli::Verify, plan: &Plan) -> Result<Explored, Error> {
    let started =
        modelled::start(plan.clone(), String::new(), EventEngine::default(), available_mib());
    let (heard, stopwatch) = hear(&mut started.map_err(Error::NoModel)?, arguments)?;
    Ok(Explored { heard, qemu: None, stopwatch })
}

pub(super) fn in_a_guest(arguments: &cli::Verify, plan: &Plan) -> Result<Explored, Error> {
    let shell = cli::shell(arguments.verbose);
    let when_missing = cli::when_missing(arguments.no_install);
    provide_tools(Boot::Direct, Firmware::Bios, when_missing, shell)?;
    let kernel = build_kernel(&root(), shell)?;
    let encoded = encode(plan, "");
    let accelerator = accelerator(arguments.machine, &kernel, &encoded, shell)?;
    let boot = guest::Boot::Direct { kernel: kernel.path, plan: encoded };
    let firmware = guest::Firmware::Bios;
    let setup = Setup { accelerator, boot, firmware, memory_mib: MEMORY_MIB };
    let (mut qemu, mut port) = Qemu::start(&setup, shell)?;
    let (heard, stopwatch) = hear(&mut port, arguments)?;
    let ended = qemu.wait(if heard.ending.complete { FAREWELL } else { Duration::ZERO });
    Ok(Explored { heard, qemu: Some(ended), stopwatch })
}

fn hear(port: &mut Port, arguments: &cli::Verify) -> Result<(Heard, Stopwatch), Error> {
    let scratch = tempfile::tempdir().map_err(Error::file("create", &env::temp_dir()))?;
    let mut recording = Recording::create(&scratch.path().join("raw.bin"))?;
    let shown = Progress::new(cli::shell(arguments.verbose).verbosity);
    let mut progress = VerifyProgress::new(shown, arguments.events);
    let heard = listen(port, Answer::Start, &mut recording, PATIENCE, &mut progress)?;
    Ok((heard, progress.into_stopwatch()))
}
