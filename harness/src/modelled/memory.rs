//! How much memory there is for a modelled machine.

use std::fs;

use runner::Resolved;

const MIB: u64 = 1 << 20;

/// The tool itself, and statistics of the largest cell.
const OVERHEAD: u64 = 64 * MIB;

/// MiB that Linux can give without swapping; no bound where it does not say.
pub fn available_mib() -> u64 {
    fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text)).unwrap_or(u64::MAX)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib >> 10)
}

/// MiB that this process takes for a plan at most: the machine, and what is kept of its results.
pub fn needed_mib(resolved: &Resolved<'_>) -> u64 {
    // Host and guest both keep the stream, and the host keeps every raw sample as a word.
    let samples: u64 = resolved.cells().map(|cell| resolved.raw_samples(&cell)).sum();
    let results = 2 * resolved.stream_bytes() + samples * u64::from(resolved.rounds) * 8;
    (OVERHEAD + resolved.arena_bytes() + resolved.scratch().bytes() + results).div_ceil(MIB)
}

#[cfg(test)]
mod tests {
    use super::available;

    #[test]
    fn available_memory_is_read_as_linux_writes_it() {
        let text = "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(available(text), Some(8));
        assert_eq!(available("MemTotal: 1 kB"), None);
    }
}
