//! What is said of an image once it is made: where it is, what it is, what to do with it.

use std::fmt::Write;
use std::path::Path;

use crate::cli::ImageKind;
use crate::guest::Listed;

/// Of an image in one file.
pub fn of_file(path: &Path, image: &Listed, manifest: &Path, kind: ImageKind) -> String {
    let mut text = format!(
        "{}\n  {} bytes, SHA-256 {}\n  manifest: {}\n\n",
        path.display(),
        image.bytes,
        image.sha256,
        manifest.display()
    );
    text.push_str(match kind {
        ImageKind::Usb => "The same bytes boot as a CD, under a name that ends with .iso.\n",
        ImageKind::Iso | ImageKind::Pxe => {
            "Boot it as a CD, or write it to a stick; the same bytes serve both.\n"
        }
    });
    let _ = writeln!(
        text,
        "To write it to a stick, all of whose contents are lost, find out the stick's name, then put it \
         in place of sdX:\n  lsblk --nodeps --output NAME,SIZE,MODEL,TRAN,RM\n  \
         sudo dd if={} of=/dev/sdX bs=4M conv=fsync status=progress",
        path.display()
    );
    text.push_str(LISTEN);
    text
}

/// Of a folder for a TFTP server.
pub fn of_folder(folder: &Path, files: &[Listed], manifest: &Path) -> String {
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut text = format!(
        "{}\n  {bytes} bytes in {} files\n  manifest: {}\n",
        folder.display(),
        files.len(),
        manifest.display()
    );
    for file in files {
        let _ = writeln!(text, "  {}  {}", file.sha256, file.path);
    }
    let _ = writeln!(
        text,
        "\nServe it by TFTP and have DHCP name rmapbench.pxe to PCs with BIOS and rmapbench.efi to those \
         with UEFI; {} has the lines for dnsmasq and dhcpd.",
        folder.join("README.txt").display()
    );
    text.push_str(LISTEN);
    text
}

const LISTEN: &str = "Then listen, before the machine is switched on:
  cargo rmapbench collect --port /dev/ttyUSB0
";
