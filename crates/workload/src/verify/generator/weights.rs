//! How often what happens, and why.

use fastrand::Rng;

/// A single event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Single {
    Spawn,
    Fork,
    Exec,
    Exit,
    Mmap,
    Munmap,
    Mprotect,
    Mremap,
    Brk,
    Mlock,
    Touch,
    OnFrame,
    Survey,
    CompactBlock,
    Reclaim,
    CreateObject,
    TruncateObject,
    RemoveObject,
}

/// Several events with a common subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    RoundTrip,
    SwappedFamily,
    OpenMigration,
    Shattered,
    MiddleExits,
    FileBothWays,
    Truncated,
    Huge,
    LockedFamily,
    DeepFork,
    Stack,
    LeftBehind,
    Broken,
    Cleaned,
}

/// Single events by weight.
pub(super) const SINGLES: [(Single, u32); 18] = [
    // Families matter, strangers do not: a few roots are enough.
    (Single::Spawn, 2),
    // What all schemes are about.
    (Single::Fork, 10),
    // Exit in all but name; rare, so that families live.
    (Single::Exec, 1),
    // As often as births, or the world is full.
    (Single::Exit, 8),
    // Areas must overlap, replace and touch each other.
    (Single::Mmap, 12),
    // Splits areas; too often, and nothing is left to collide with.
    (Single::Munmap, 5),
    // Shatters areas and merges them.
    (Single::Mprotect, 6),
    // Offsets that no longer follow from addresses: the hardest case of all.
    (Single::Mremap, 8),
    (Single::Brk, 3),
    // Locked pages stay, so few may be locked.
    (Single::Mlock, 2),
    // Without contents nothing can be wrong; every second one reads, and the shadow compares.
    (Single::Touch, 34),
    // The reason for a reverse map.
    (Single::OnFrame, 22),
    // Many moves at once, of pages that nobody names; large blocks walk many frames.
    (Single::CompactBlock, 2),
    // Must change nothing, whenever it is taken.
    (Single::Survey, 1),
    // Swap entries everywhere.
    (Single::Reclaim, 3),
    (Single::CreateObject, 2),
    // Cuts pages from under mappings.
    (Single::TruncateObject, 2),
    // Objects must outlive their names.
    (Single::RemoveObject, 1),
];

/// Stories by weight; `None`: single events.
pub(super) const STORIES: [(Option<Story>, u32); 15] = [
    // Stories alone would never mix.
    (None, 8),
    // Away, back to the origin, fork: offset-based schemes must not take the page for unmoved.
    (Some(Story::RoundTrip), 3),
    // Swap entries that fork, and come back through a relative.
    (Some(Story::SwappedFamily), 4),
    // Migration entries that fork, move and vanish.
    (Some(Story::OpenMigration), 3),
    // One area in pieces and whole again.
    (Some(Story::Shattered), 2),
    // Pages reach a grandchild over a generation that is gone.
    (Some(Story::MiddleExits), 3),
    // One page of a file, in the cache and as a copy, in one process.
    (Some(Story::FileBothWays), 2),
    (Some(Story::Truncated), 2),
    // 2 MiB pages copied, split, cut in the middle.
    (Some(Story::Huge), 2),
    // Frames that must not leave, by a family in which only one has locked them.
    (Some(Story::LockedFamily), 1),
    // Forks of forks with a write at each level.
    (Some(Story::DeepFork), 3),
    // A stack that grows towards an area below it.
    (Some(Story::Stack), 2),
    // Pages that moved out from under a mapping that stays.
    (Some(Story::LeftBehind), 2),
    // A page that breaks while a relative has it on the swap device.
    (Some(Story::Broken), 1),
    // Rights and marks that are taken while the writer's translations are still warm.
    (Some(Story::Cleaned), 2),
];

/// One entry of a table, by weight.
pub(super) fn choose<T: Copy>(table: &[(T, u32)], rng: &mut Rng) -> T {
    let sum: u32 = table.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.u32(..sum);
    for (entry, weight) in table {
        if left < *weight {
            return *entry;
        }
        left -= weight;
    }
    table[0].0
}
