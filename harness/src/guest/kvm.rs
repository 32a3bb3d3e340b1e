//! Whether this host's KVM lets the CPU execute the guest. Some KVMs interpret, some die: so it is
//! tried, and what the guest measures decides.

use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::{Accelerator, Boot, CpuModel, Firmware, GuestError, Kernel, Qemu, Setup};
use crate::error::Error;
use crate::link::Answer;
use crate::results::{Execution, Run};
use crate::session::{Observer, Patience, Recording, Stop, listen};
use crate::tools::Shell;

/// A guest that executes natively has said everything long before.
const PATIENCE: Duration = Duration::from_secs(3);

/// An interpreting KVM may drip words for minutes.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(6);

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nativeness {
    /// The CPU executes the guest under this model.
    Native(CpuModel),
    /// Why KVM is of no use.
    NotNative(&'static str),
}

/// Boots `kernel` under KVM until it says how it is executed.
pub fn probe(kernel: &Kernel, plan: &[u8], shell: Shell) -> Result<Nativeness, Error> {
    if OpenOptions::new().read(true).write(true).open(Path::new("/dev/kvm")).is_err() {
        return Ok(Nativeness::NotNative("there is no usable /dev/kvm"));
    }
    for model in CpuModel::ALL {
        match try_model(kernel, plan, model, shell)? {
            Trial::Said(Execution::Virtualized) => return Ok(Nativeness::Native(model)),
            Trial::Said(_) => return Ok(Nativeness::NotNative("this host's KVM interprets")),
            Trial::Slow => return Ok(Nativeness::NotNative("the guest was too slow under KVM")),
            Trial::Died => {}
        }
    }
    Ok(Nativeness::NotNative("the guest died under KVM"))
}

enum Trial {
    Said(Execution),
    Slow,
    Died,
}

fn try_model(kernel: &Kernel, plan: &[u8], model: CpuModel, shell: Shell) -> Result<Trial, Error> {
    let setup = Setup {
        accelerator: Accelerator::Kvm(model),
        boot: Boot::Direct { kernel: kernel.path.clone(), plan: plan.to_vec() },
        firmware: Firmware::Bios,
        memory_mib: 128,
    };
    // A QEMU that refuses to start the model counts as one that died of it.
    let Ok((_qemu, mut port)) = Qemu::start(&setup, shell) else {
        return Ok(Trial::Died);
    };
    let folder = tempdir().map_err(GuestError::from)?;
    let mut recording = Recording::create(&folder.path().join("raw.bin"))?;
    let patience = Patience { greeting: Some(PATIENCE), silence: Some(PATIENCE) };
    let mut observer = UntilExecution { deadline: Instant::now() + PATIENCE_IN_ALL };
    let heard = listen(&mut port, Answer::Start, &mut recording, patience, &mut observer)?;
    Ok(match (Execution::of(&heard.run), heard.stop) {
        (Some(execution), _) => Trial::Said(execution),
        (None, Stop::NoGreeting(_) | Stop::Silence(_) | Stop::Dismissed) => Trial::Slow,
        (None, _) => Trial::Died,
    })
}

/// Ends the conversation as soon as the class of execution is known, or when it takes too long.
struct UntilExecution {
    deadline: Instant,
}

impl Observer for UntilExecution {
    fn console(&mut self, _: &str) {}

    fn remark(&mut self, _: &str) {}

    fn progressed(&mut self, run: &Run) -> ControlFlow<()> {
        if Execution::of(run).is_some() || Instant::now() > self.deadline {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
