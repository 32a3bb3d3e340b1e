//! The guest: its kernel, its image, and the machine that runs it.

mod build;
mod elf;
mod image;
mod kvm;
mod qemu;

pub use build::{SOURCE_ROOT, build_kernel, built_kernel};
pub use elf::{Kernel, hex, sha256};
pub use image::{
    BootPlan, Circumstances, ComPort, IMAGES, Image, Listed, Manifest, Menu, SerialChoice,
    SourceDate, Tree, images_folder, make_bootable_iso, make_iso, make_network_folder,
};
pub use kvm::{Nativeness, probe};
pub use qemu::{
    Accelerator, Boot, CpuModel, Firmware, GuestExit, Qemu, Setup, firmware_arguments,
    memory_with_one_piece_of,
};

use std::io;
use std::path::PathBuf;

use crate::exit::Exit;

/// The guest could not be built or started.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// The compiler said why on standard error.
    #[error("the unikernel does not build; mend what the compiler names above")]
    DoesNotBuild,
    /// Not an ELF file, or one without a build id.
    #[error("{} is no kernel of ours: {why}; build it again with `rmapbench run`", path.display())]
    NotAKernel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// `grub-mkrescue` failed.
    #[error("grub-mkrescue made no image: {0}; see `rmapbench doctor`")]
    NoImage(String),
    /// OVMF's two files were not found together.
    #[error("no OVMF firmware with its variables was found; see `rmapbench doctor`")]
    NoFirmware,
    /// QEMU ended before the guest ran.
    #[error("QEMU did not start the guest: {0}")]
    NotStarted(String),
    /// A temporary file or socket.
    #[error("cannot prepare the guest: {0}")]
    Preparation(#[from] io::Error),
}

impl GuestError {
    /// The exit status that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::DoesNotBuild | Self::NotAKernel { .. } => Exit::Failed,
            Self::NoImage(_) | Self::NoFirmware | Self::NotStarted(_) | Self::Preparation(_) => {
                Exit::Missing
            }
        }
    }
}
