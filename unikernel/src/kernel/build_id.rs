//! The image's own build id, by which the host recognises the ELF that symbolises a crash.

/// Bytes of a SHA-1 build id.
const BYTES: usize = 20;

/// Sizes, type and the name `GNU` of the note come first (gABI, *Note Section*).
const HEADER_BYTES: usize = 16;

unsafe extern "C" {
    static build_id_note: [u8; HEADER_BYTES + BYTES];
}

/// The id that the linker computed.
pub fn build_id() -> &'static [u8; BYTES] {
    // SAFETY: the linker script puts `.note.gnu.build-id` there, and `build.rs` asks for SHA-1.
    let note = unsafe { &build_id_note };
    note.last_chunk().expect("the note is longer than the id")
}
