//! One event of each kind, and the beginnings of workloads.

use std::fmt::Write;

use workload::trace::Line;
use workload::{Parameters, WorkloadId};

use super::Seed;

/// Events of a workload in its seed.
const EVENTS: usize = 24;

const ALL_KINDS: &str = "\
# process, first page + pages
spawn 0
create 0 file 8
create 1 segment 4
mmap 0 0x10000+16 fixed private rw small
touch 0 0x10005 write
fork 0 -> 3
frame migrate 3 0x10005
mprotect 0 0x10000+4 r
mremap 0 0x10000+4 0x20000+8 fixed
brk 0 5
mlock 0 0x10000+2
munlock 0 0x10000+2
compact-block 9
survey
phase work
reclaim 3
truncate 0 2
remove 1
exec 3
munmap 0 0x10000+16
exit 3
";

pub(super) fn seeds() -> Vec<Seed> {
    let workloads = WorkloadId::ALL.iter().map(|&id| (id.to_string(), beginning(id).into_bytes()));
    std::iter::once(("all-kinds".to_owned(), ALL_KINDS.into())).chain(workloads).collect()
}

fn beginning(workload: WorkloadId) -> String {
    let mut text = String::new();
    let mut left = EVENTS;
    // The error is the end of what is wanted.
    let _ = workload.for_each_event(&Parameters::defaults(workload.parameters()), |event| {
        let _ = writeln!(text, "{}", Line(&event));
        left -= 1;
        if left == 0 { Err(()) } else { Ok(()) }
    });
    text
}
