//! `image` on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Choice;
use crate::guest::{ComPort, SerialChoice};
use crate::port::Baud;

/// Shown below the help.
pub(super) const EXAMPLES: &str = "Examples:
  cargo rmapbench image
  cargo rmapbench image --plan standard --com 2 --baud 57600 -o bench.iso
  cargo rmapbench image --plan my-sweep.toml --kind usb
  cargo rmapbench image --kind pxe -o /srv/tftp/rmapbench
The menu has every named plan and `verify`; the chosen plan comes first, and boots after 5 s.
Beside the image lies its manifest, with hashes. The same commit and plan give the same bytes.
docs/bare-metal.md goes on from here.";

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImageKind {
    /// A CD, which also boots written to a stick.
    Iso,
    /// A stick: the same bytes under another name.
    Usb,
    /// A folder for a TFTP server.
    Pxe,
}

/// `image`
#[derive(Debug, Args)]
pub struct Image {
    /// What the image is for.
    #[arg(long, value_enum, default_value_t = ImageKind::Iso)]
    pub kind: ImageKind,
    /// The plan that boots unless another is chosen in the menu.
    #[command(flatten)]
    pub choice: Choice,
    /// The serial port, 1 to 4 for COM1 to COM4, of menu and kernel; by default COM1 for the menu, and
    /// the kernel looks for one.
    #[arg(long, value_name = "N")]
    pub com: Option<ComPort>,
    /// Speed of the serial port; 115200 by default.
    #[arg(long, value_name = "N")]
    pub baud: Option<Baud>,
    /// The image, or for `pxe` the folder; a name below images/out by default.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not install what is missing: name the command and stop.
    #[arg(long)]
    pub no_install: bool,
    /// Show external commands.
    #[arg(short, long)]
    pub verbose: bool,
}

impl Image {
    /// The serial port that was chosen.
    #[must_use]
    pub const fn serial(&self) -> SerialChoice {
        SerialChoice { com: self.com, baud: self.baud }
    }
}

impl ImageKind {
    /// As on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::Usb => "usb",
            Self::Pxe => "pxe",
        }
    }
}
