//! What a plan runs on.

use clap::ValueEnum;

/// What a plan runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Machine {
    /// KVM where it executes natively, else icount.
    Auto,
    /// QEMU with KVM.
    Kvm,
    /// QEMU's translator with the host's clock.
    Tcg,
    /// QEMU's translator with a clock that counts instructions.
    Icount,
    /// No guest: the same code in this process.
    Model,
}

impl Machine {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Kvm, Self::Tcg, Self::Icount, Self::Model];

    /// As on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
            Self::Icount => "icount",
            Self::Model => "model",
        }
    }

    /// One line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Auto => "KVM where it is measured to execute natively, else icount (default)",
            Self::Kvm => "QEMU with KVM: cycles, if the CPU executes the guest",
            Self::Tcg => "QEMU's translator: good for function, never for a figure",
            Self::Icount => "QEMU's translator counting instructions: the same count every time",
            Self::Model => {
                "no guest: the same code in this process, where no flush is forgotten unseen"
            }
        }
    }
}
