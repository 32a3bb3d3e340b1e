use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::{MemoryLimit, Options, Seconds, Severity};
use crate::uart::{Baud, LineWishes, PortWish, UartClock, UartRegisters};

fn complaints(command_line: &str) -> Vec<(Severity, String)> {
    let (_, complaints) = Options::read(command_line);
    complaints.iter().map(|one| (one.severity(), one.to_string())).collect()
}

fn read(command_line: &str) -> Options<'_> {
    let (options, complaints) = Options::read(command_line);
    assert!(complaints.is_empty(), "{complaints:?}");
    options
}

fn com(value: u16) -> Option<PortWish> {
    UartRegisters::ports(value).map(PortWish::Port)
}

#[test]
fn every_word_is_understood() {
    let words = "plan=full com=2 baud=9600 clock=14745600 cpus=1 mem=512M seed=0x10 watchdog=5 crash=ud2 check=machine";
    let expected = Options {
        plan: Some("full"),
        line: LineWishes {
            port: com(0x2f8),
            baud: Baud::new(9600),
            clock: UartClock::new(14_745_600),
        },
        cpus: core::num::NonZeroU16::new(1),
        memory_limit: Some(MemoryLimit(512 << 20)),
        seed: Some(16),
        crash: "ud2".parse().ok(),
        watchdog: Some(Seconds(5)),
        check: Some("machine"),
    };
    assert_eq!(read(words), expected);
}

#[test]
fn an_empty_command_line_asks_for_nothing() {
    assert_eq!(read("   "), Options::default());
}

#[test]
fn the_last_word_of_a_kind_counts() {
    assert_eq!(read("seed=1 plan=quick seed=2").seed, Some(2));
}

#[test]
fn a_port_is_a_number_an_address_or_none() {
    for (value, expected) in [
        ("1", com(0x3f8)),
        ("4", com(0x2e8)),
        ("0x2f8", com(0x2f8)),
        ("49152", com(0xc000)),
        ("none", Some(PortWish::NoLine)),
    ] {
        let word = ["com=", value].concat();
        assert_eq!(read(&word).line.port, expected, "{value}");
    }
}

#[test]
fn memory_is_in_mib_or_gib() {
    for (value, mib) in [("64", 64), ("64M", 64), ("64m", 64), ("2G", 2048), ("0x10g", 16384)] {
        let word = ["mem=", value].concat();
        assert_eq!(read(&word).memory_limit, Some(MemoryLimit(mib << 20)), "{value}");
    }
}

#[test]
fn a_value_that_cannot_be_used_is_a_refusal_and_leaves_the_rest() {
    for word in [
        "plan=",
        "plan",
        "com=",
        "com=0",
        "com=0xfffd",
        "com=ttyS0",
        "com=0x12345",
        "baud=fast",
        "baud=31250",
        "baud=0",
        "baud",
        "clock=0",
        "clock=5000000000",
        "cpus=0",
        "cpus=65536",
        "mem=0",
        "mem=2T",
        "mem=-1M",
        "mem=99999999999999G",
        "seed=",
        "seed=+1",
        "seed=0x",
        "seed=18446744073709551616",
        "crash=",
        "check",
    ] {
        let line = ["cpus=2 ", word, " seed=3 plan=quick"].concat();
        let (options, complaints) = Options::read(&line);
        assert_eq!(complaints.len(), 1, "{word}");
        assert_eq!(complaints[0].severity(), Severity::Refusal, "{word}");
        assert_eq!((options.plan, options.seed), (Some("quick"), Some(3)), "{word}");
    }
}

#[test]
fn a_refusal_names_the_word_and_how_to_write_it() {
    let expected = "the command line's baud=fast cannot be used: write a rate that terminals know, as in baud=115200";
    assert_eq!(complaints("baud=fast"), [(Severity::Refusal, expected.to_string())]);
}

#[test]
fn a_slip_is_named_and_the_run_goes_on() {
    let expected =
        "the command line's bauds=9600 is unknown and passed over: write baud= if you meant that";
    assert_eq!(complaints("bauds=9600"), [(Severity::Warning, expected.to_string())]);
    for slip in [
        "Seed=1", "PLAN=x", "BAUDS=1", "pan=x", "plam=x", "lan=x", "cpu=1", "men=1M", "comm=1",
        "seeds",
    ] {
        assert_eq!(complaints(slip).len(), 1, "{slip}");
    }
}

#[test]
fn words_of_others_are_left_alone() {
    let words = "/boot/rmapbench.elf BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet console=ttyS0,115200n8 \
                 initrd=x ip=dhcp BOOTIF=01-52-54 = ==x";
    assert_eq!(read(words), Options::default());
}

#[test]
fn the_first_complaints_are_kept() {
    assert_eq!(complaints("seed=a seed=b seed=c seed=d seed=e").len(), super::MAX_COMPLAINTS);
}

proptest! {
    #[test]
    fn no_command_line_panics(line in ".{0,200}") {
        let _ = Options::read(&line);
    }

    #[test]
    fn a_number_reads_as_it_is_written(seed: u64) {
        for word in [std::format!("seed={seed}"), std::format!("seed={seed:#x}")] {
            prop_assert_eq!(Options::read(&word).0.seed, Some(seed));
        }
    }
}
