//! The rows of `xtask/machines.toml`, which says at its top what each key means.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// One machine and what must hold of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Unique, in kebab-case.
    pub name: String,
    #[serde(default)]
    pub group: Group,
    #[serde(default = "max")]
    pub cpu: String,
    #[serde(default = "pc")]
    pub machine: String,
    #[serde(default = "one")]
    pub cpus: String,
    /// In MiB.
    #[serde(default = "half_a_gib")]
    pub memory: u32,
    #[serde(default)]
    pub clock: Clock,
    #[serde(default)]
    pub firmware: Firmware,
    #[serde(default)]
    pub boot: Boot,
    #[serde(default)]
    pub serial: Serial,
    /// Further arguments of QEMU.
    #[serde(default)]
    pub qemu: String,
    /// Bochs runs it, with this CPU model.
    pub bochs: Option<String>,
    /// Words for the kernel.
    #[serde(default)]
    pub words: String,
    /// What GRUB does before it loads the kernel.
    #[serde(default)]
    pub menu: Vec<String>,
    /// Entries for processors with x2APIC numbers, in a table of their own.
    pub x2apic_entries: Option<u32>,
    /// Why the guest cannot know that it may end QEMU or Bochs.
    pub stays: Option<String>,
    /// What the screen must say, instead of a result.
    pub screen: Option<String>,
    /// Facts of `run.json` and what they must be.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// Why the cells need not be those of the reference machine.
    pub cells_differ: Option<String>,
    /// The most of the host's memory that QEMU may have touched, in MiB.
    pub resident_below: Option<u64>,
    /// What has to be there, or the row is skipped.
    pub needs: Option<PathBuf>,
    #[serde(default = "two_minutes")]
    seconds: u64,
}

/// When a row is tried.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// By every `cargo xtask test`.
    Quick,
    /// Where all machines are asked for.
    #[default]
    All,
}

/// What drives the guest's time.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The number of instructions.
    #[default]
    Icount,
    /// The host's clock, under binary translation.
    Tcg,
    /// The host's clock, under KVM.
    Kvm,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    #[default]
    Bios,
    Uefi,
}

/// From where the kernel comes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Boot {
    /// By its PVH note.
    #[default]
    Direct,
    /// By GRUB from a CD.
    Cd,
    /// By GRUB from a drive that the row's own arguments attach.
    Drive,
}

/// Where the line to the host is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Serial {
    /// At COM1, and nothing at COM2.
    #[default]
    Com1,
    /// At COM2, and nothing at COM1.
    Com2,
    /// At COM1; at COM2 there is a port to which nobody listens.
    Com1OfTwo,
    /// Nowhere.
    Absent,
}

impl Row {
    /// After so long it hangs.
    pub const fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Whether GRUB boots it.
    pub fn needs_image(&self) -> bool {
        self.boot != Boot::Direct || self.bochs.is_some()
    }
}

/// Reads the file's `text`.
pub fn parse(text: &str) -> Result<Vec<Row>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        machine: Vec<Row>,
    }
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut names = std::collections::BTreeSet::new();
    match file.machine.iter().find(|row| !names.insert(&row.name)) {
        Some(twice) => Err(format!("two machines are called `{}`", twice.name)),
        None => Ok(file.machine),
    }
}

fn max() -> String {
    "max".to_owned()
}

fn pc() -> String {
    "pc".to_owned()
}

fn one() -> String {
    "1".to_owned()
}

const fn half_a_gib() -> u32 {
    512
}

const fn two_minutes() -> u64 {
    120
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_does_not_say_is_an_ordinary_pc() {
        let rows = parse("[[machine]]\nname = 'plain'").expect("well formed");
        let [row] = rows.as_slice() else { panic!("one row") };
        assert_eq!((row.cpu.as_str(), row.machine.as_str(), row.memory), ("max", "pc", 512));
        assert_eq!((row.group, row.clock, row.boot), (Group::All, Clock::Icount, Boot::Direct));
        assert!(!row.needs_image());
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        let error = parse("[[machine]]\nname = 'odd'\nmemroy = 64").expect_err("misspelt");
        assert!(error.contains("memroy"), "{error}");
    }

    #[test]
    fn a_name_is_given_once() {
        let error = parse("[[machine]]\nname = 'a'\n[[machine]]\nname = 'a'").expect_err("twice");
        assert!(error.contains("`a`"), "{error}");
    }
}
