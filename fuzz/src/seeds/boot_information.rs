//! What QEMU leaves for a kernel that it boots by its PVH note, in a little memory.

use unikernel::pvh::START_INFO_MAGIC;

use super::Seed;

const MODULES: u64 = 0x40;
const MAP: u64 = 0x60;
const COMMAND_LINE: u64 = 0x100;
const PLAN: u64 = 0x120;

/// E820 types: memory, reserved.
const RAM: u32 = 1;
const RESERVED: u32 = 2;

pub(super) fn seeds() -> Vec<Seed> {
    let map = [
        (0, 0x9_fc00, RAM),
        (0x9_fc00, 0x400, RESERVED),
        (0x10_0000, 0x1fee_0000, RAM),
        (0x1ffe_0000, 0x2_0000, RESERVED),
        (1 << 32, 1 << 30, RAM),
    ];
    vec![("whole".to_owned(), memory(&map, 1)), ("without-module".to_owned(), memory(&map[..3], 0))]
}

fn memory(map: &[(u64, u64, u32)], modules: u32) -> Vec<u8> {
    let mut memory = vec![0; 0x140];
    let mut put = |address: u64, bytes: &[u8]| {
        let start = address as usize;
        memory[start..start + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &START_INFO_MAGIC.to_le_bytes());
    put(4, &1u32.to_le_bytes());
    put(12, &modules.to_le_bytes());
    put(16, &MODULES.to_le_bytes());
    put(24, &COMMAND_LINE.to_le_bytes());
    put(40, &MAP.to_le_bytes());
    put(48, &(map.len() as u32).to_le_bytes());
    put(MODULES, &PLAN.to_le_bytes());
    put(MODULES + 8, &4u64.to_le_bytes());
    for ((start, length, kind), entry) in map.iter().zip((MAP..).step_by(24)) {
        put(entry, &start.to_le_bytes());
        put(entry + 8, &length.to_le_bytes());
        put(entry + 16, &kind.to_le_bytes());
    }
    put(COMMAND_LINE, b"check=machine\0");
    put(PLAN, b"plan");
    memory
}
