//! What every command that boots a guest has to do first, and how long it waits.

use std::time::Duration;

use super::root;
use crate::cli::{Boot, Firmware, Machine};
use crate::error::Error;
use crate::guest::{Accelerator, CpuModel, Kernel, Nativeness, probe};
use crate::session::Patience;
use crate::tools::{GRUB, OVMF, QEMU, Shell, Tool, WhenMissing, ensure, ensure_target};

/// How long a guest of ours is waited for.
pub const PATIENCE: Patience = Patience {
    // From QEMU's start to the guest's first word; OVMF on a busy host takes the longest.
    greeting: Some(Duration::from_mins(2)),
    // The longest cell keeps the line quiet for as long as it runs.
    silence: Some(Duration::from_mins(10)),
};

/// How long QEMU may take to end after the guest said `Done`.
pub const FAREWELL: Duration = Duration::from_secs(5);

/// Sees to it that the tools for the route are there.
pub fn provide_tools(
    boot: Boot,
    firmware: Firmware,
    when_missing: WhenMissing,
    shell: Shell,
) -> Result<(), Error> {
    let mut tools: Vec<&Tool> = vec![&QEMU];
    if boot == Boot::Iso {
        tools.extend(&GRUB);
    }
    if firmware == Firmware::Uefi {
        tools.push(&OVMF);
    }
    ensure(&tools, when_missing, shell)?;
    Ok(ensure_target(when_missing, &root(), shell)?)
}

/// What executes the guest where `machine` was asked for; measured, where it has to be.
pub fn accelerator(
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
        Machine::Model => unreachable!("no guest runs on the model"),
    }
}
