//! What a PC boots from, and its firmware.

use std::path::Path;

use harness::guest::Firmware;

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
