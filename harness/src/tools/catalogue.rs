//! What a run needs from the host, and in which Debian package it comes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Shell;

/// A program or a folder of data that some route needs.
#[derive(Debug)]
pub struct Tool {
    /// What to call it.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The Debian package.
    pub package: &'static str,
    /// Program names or absolute paths, the first that exists counts.
    places: &'static [&'static str],
}

impl Tool {
    /// Where it is, if it is here.
    pub fn find(&self) -> Option<PathBuf> {
        self.places.iter().find_map(|place| match Path::new(place) {
            path if path.is_absolute() => path.exists().then(|| path.to_owned()),
            _ => find_program(place),
        })
    }

    /// What a program says of its version; none for what is no program, or does not say.
    pub fn version(&self, shell: Shell) -> Option<String> {
        if self.places.iter().any(|place| place.starts_with('/')) {
            return None;
        }
        let output = shell.capture(Command::new(self.find()?).arg("--version")).ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // Bochs says it below a line of ornament.
        let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
        Some(line.trim().to_owned())
    }
}

/// Runs every guest.
pub const QEMU: Tool = Tool {
    name: "qemu-system-x86_64",
    purpose: "runs the guest",
    package: "qemu-system-x86",
    places: &["qemu-system-x86_64"],
};

/// Writes the CD's file system.
pub const XORRISO: Tool = Tool {
    name: "xorriso",
    purpose: "used by grub-mkrescue",
    package: "xorriso",
    places: &["xorriso"],
};

/// What makes images that boot on BIOS and UEFI.
pub const GRUB: [Tool; 7] = [
    Tool {
        name: "grub-mkrescue",
        purpose: "makes the ISO image",
        package: "grub-common",
        places: &["grub-mkrescue", "grub2-mkrescue"],
    },
    Tool {
        name: "grub-mkimage",
        purpose: "makes what boots over a network",
        package: "grub-common",
        places: &["grub-mkimage", "grub2-mkimage"],
    },
    Tool {
        name: "GRUB for BIOS",
        purpose: "boots images on BIOS",
        package: "grub-pc-bin",
        places: &["/usr/lib/grub/i386-pc/multiboot2.mod"],
    },
    Tool {
        name: "GRUB for UEFI",
        purpose: "boots images on UEFI",
        package: "grub-efi-amd64-bin",
        places: &["/usr/lib/grub/x86_64-efi/multiboot2.mod"],
    },
    XORRISO,
    Tool {
        name: "mformat",
        purpose: "used by grub-mkrescue",
        package: "mtools",
        places: &["mformat"],
    },
    Tool {
        name: "faketime",
        purpose: "equal images of a commit",
        package: "faketime",
        places: &["faketime"],
    },
];

/// The UEFI firmware's code; its variables lie beside it.
pub const OVMF: Tool = Tool {
    name: "OVMF",
    purpose: "UEFI firmware for --firmware uefi",
    package: "ovmf",
    places: &[
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_CODE.fd",
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/qemu/ovmf-x86_64-code.bin",
    ],
};

/// Network cards that boot, for the boot tests and for trying a network image out.
pub const NETWORK_BOOT: Tool = Tool {
    name: "iPXE for QEMU",
    purpose: "for tests: boots from a network",
    package: "ipxe-qemu",
    places: &["/usr/lib/ipxe/qemu/pxe-virtio.rom", "/usr/share/ipxe/qemu/pxe-virtio.rom"],
};

/// The second emulator that counts instructions, for the boot tests alone.
pub const BOCHS: [Tool; 4] = [
    Tool {
        name: "bochs",
        purpose: "for tests: counts instructions too",
        package: "bochs",
        places: &["bochs"],
    },
    Tool {
        name: "Bochs on a terminal",
        purpose: "for tests: used by bochs",
        package: "bochs-term",
        places: &[
            "/usr/lib/x86_64-linux-gnu/bochs/plugins/libbx_term_gui.so",
            "/usr/lib/bochs/plugins/libbx_term_gui.so",
        ],
    },
    Tool {
        name: "BIOS for Bochs",
        purpose: "for tests: used by bochs",
        package: "bochsbios",
        places: &["/usr/share/bochs/BIOS-bochs-latest"],
    },
    Tool {
        name: "VGA BIOS for Bochs",
        purpose: "for tests: used by bochs",
        package: "vgabios",
        places: &["/usr/share/vgabios/vgabios.bin"],
    },
];

/// A console server and a serial device without hardware for it, for the boot tests alone.
pub const CONSOLE_SERVER: [Tool; 2] = [
    Tool {
        name: "ser2net",
        purpose: "for tests: a console server",
        package: "ser2net",
        places: &["ser2net"],
    },
    Tool {
        name: "socat",
        purpose: "for tests: a serial device for ser2net",
        package: "socat",
        places: &["socat"],
    },
];

/// What compiles libFuzzer, for `cargo xtask fuzz` alone.
pub const CXX: Tool =
    Tool { name: "c++", purpose: "compiles libFuzzer", package: "g++", places: &["c++", "g++"] };

/// The firmware's code and the variables it starts from.
pub fn ovmf() -> Option<(PathBuf, PathBuf)> {
    let code = OVMF.find()?;
    let name = code.file_name()?.to_str()?;
    let variables = code.with_file_name(name.replace("CODE", "VARS").replace("code", "vars"));
    variables.exists().then_some((code, variables))
}

/// A program on the PATH; `sbin` folders are searched too, which a plain user's PATH leaves out.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders =
        env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}
