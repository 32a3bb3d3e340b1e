//! The kernel's ELF file and what identifies it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use object::Object;
use sha2::{Digest, Sha256};

use super::GuestError;

/// A built kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The ELF file.
    pub path: PathBuf,
    /// Its GNU build id.
    pub build_id: Vec<u8>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Kernel {
    /// Reads what identifies the kernel at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is no ELF file, or has no build id.
    pub fn open(path: &Path) -> Result<Self, GuestError> {
        let bad = |why: String| GuestError::NotAKernel { path: path.to_owned(), why };
        let bytes = fs::read(path).map_err(|error| bad(error.to_string()))?;
        let file = object::File::parse(&*bytes).map_err(|error| bad(error.to_string()))?;
        let build_id = file.build_id().map_err(|error| bad(error.to_string()))?;
        let build_id = build_id.ok_or_else(|| bad("it has no build id".to_owned()))?.to_vec();
        Ok(Self { path: path.to_owned(), build_id, sha256: sha256(&bytes) })
    }

    /// Whether a guest that greeted with the first bytes of `build_id` runs this kernel.
    pub fn is_the_one(&self, build_id: [u8; 8]) -> bool {
        self.build_id.starts_with(&build_id)
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
