//! The kernel's ELF file and what identifies it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use object::elf::{FileHeader64, SHN_UNDEF};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, Object, pod};
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

    /// The ELF file as far as it is loaded: without symbols and debug information, which take 95 % of it
    /// and which GRUB would load, too.
    ///
    /// # Errors
    /// The file cannot be read, or is no ELF file of 64 bits.
    pub fn loadable(&self) -> Result<Vec<u8>, GuestError> {
        let bytes = fs::read(&self.path).map_err(|error| error.to_string()).and_then(loadable);
        bytes.map_err(|why| GuestError::NotAKernel { path: self.path.clone(), why })
    }

    /// Whether a guest that greeted with the first bytes of `build_id` runs this kernel.
    pub fn is_the_one(&self, build_id: [u8; 8]) -> bool {
        self.build_id.starts_with(&build_id)
    }
}

/// Cuts off what no segment holds, and the table of sections with it.
fn loadable(mut file: Vec<u8>) -> Result<Vec<u8>, String> {
    let end = end_of_segments(&file).map_err(|error| error.to_string())?;
    let end = usize::try_from(end).ok().filter(|end| *end <= file.len());
    file.truncate(end.ok_or("a segment ends beyond the file")?);
    let (header, _) = pod::from_bytes_mut::<FileHeader64<LittleEndian>>(&mut file)
        .map_err(|()| "no segment holds the header")?;
    header.e_shoff.set(LittleEndian, 0);
    header.e_shnum.set(LittleEndian, 0);
    header.e_shstrndx.set(LittleEndian, SHN_UNDEF);
    Ok(file)
}

/// The first byte behind everything that is loaded, and behind the list of it.
fn end_of_segments(file: &[u8]) -> object::Result<u64> {
    let header = FileHeader64::<LittleEndian>::parse(file)?;
    let segments = header.program_headers(LittleEndian, file)?;
    let list = header.e_phoff(LittleEndian) + size_of_val(segments) as u64;
    let ends = segments.iter().map(|segment| {
        let (start, length) = segment.file_range(LittleEndian);
        start.saturating_add(length)
    });
    Ok(ends.fold(list, u64::max))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use object::{Object, ObjectSegment};

    use super::loadable;

    const HEADER: usize = size_of::<object::elf::FileHeader64<object::LittleEndian>>();

    #[test]
    fn what_is_loaded_survives_and_nothing_else() {
        let whole = fs::read("/proc/self/exe").expect("it runs");
        let cut = loadable(whole.clone()).expect("it is an ELF file");
        assert!(cut.len() < whole.len());
        let (whole, cut) = (object::File::parse(&*whole), object::File::parse(&*cut));
        let (whole, cut) = (whole.expect("it runs"), cut.expect("it is an ELF file"));
        assert_eq!((cut.entry(), cut.sections().count()), (whole.entry(), 0));
        let segments = |file: &object::File<'_>| -> Vec<(u64, u64, Vec<u8>)> {
            let segments = file.segments();
            segments
                .map(|segment| {
                    let data = segment.data().expect("it is within the file");
                    // The header, which lies in the first segment here, knows of no sections any more.
                    let start = if segment.file_range().0 == 0 { HEADER } else { 0 };
                    (segment.address(), segment.size(), data[start..].to_vec())
                })
                .collect()
        };
        assert_eq!(segments(&whole), segments(&cut));
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(loadable(b"MZ".to_vec()).is_err());
    }
}
