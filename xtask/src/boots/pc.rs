//! What a PC boots from, and its firmware.

use std::fs;
use std::path::Path;

use harness::guest::Firmware;
use harness::tools::ovmf;

/// What a PC boots from.
#[derive(Clone, Copy)]
pub enum Medium<'p> {
    /// An image as a CD.
    Cd(&'p Path),
    /// An image written to a stick.
    Stick(&'p Path),
    /// A folder served by TFTP.
    Network(&'p Path),
}

impl Medium<'_> {
    /// QEMU's words for it.
    pub fn arguments(self, firmware: Firmware) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Self::Cd(image) => words(&["-boot", "d", "-cdrom", &image.display().to_string()]),
            Self::Stick(image) => {
                let drive = format!("if=none,id=stick,format=raw,file={}", image.display());
                let stick = "usb-storage,drive=stick,bootindex=1";
                words(&["-device", "qemu-xhci", "-drive", &drive, "-device", stick])
            }
            Self::Network(folder) => {
                let file = match firmware {
                    Firmware::Bios => "rmapbench.pxe",
                    Firmware::Uefi => "rmapbench.efi",
                };
                let net = format!("user,id=net,tftp={},bootfile={file}", folder.display());
                words(&["-boot", "n", "-netdev", &net, "-device", "virtio-net-pci,netdev=net"])
            }
        }
    }
}

/// QEMU's words for UEFI. It writes its variables, so it gets a copy in `folder`.
pub fn uefi(folder: &Path) -> Result<Vec<String>, String> {
    let (code, variables) = ovmf().ok_or("there is no OVMF")?;
    let copy = folder.join("variables.fd");
    fs::copy(variables, &copy).map_err(|error| error.to_string())?;
    let flash = |options: &str, path: &Path| {
        ["-drive".to_owned(), format!("if=pflash,format=raw,{options},file={}", path.display())]
    };
    Ok([flash("unit=0,readonly=on", &code), flash("unit=1", &copy)].concat())
}
