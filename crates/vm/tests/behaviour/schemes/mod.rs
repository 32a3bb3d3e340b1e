//! What is promised of single schemes, in the words of their sources.

mod anon_vma_chain;
mod hint_any;
mod reverse_table;
mod shm_attach;
mod vma_offset;
