//! GRUB's menu: an entry for each plan.

use std::fmt::Write;

use super::serial::SerialChoice;
use super::tree::Tree;
use crate::port::Baud;

/// A plan as an image carries it.
#[derive(Clone, Debug)]
pub struct BootPlan {
    /// Its name, letters, digits, `-`, `_` and `.`, at most as long as a plan's name can be.
    pub name: String,
    /// One line.
    pub summary: String,
    /// As the guest reads it.
    pub bytes: Vec<u8>,
}

impl BootPlan {
    /// Its file, below the folder of the kernel.
    fn file(&self) -> String {
        format!("plans/{}.bin", self.name)
    }
}

/// What the user of a booting machine can choose from.
#[derive(Clone, Debug)]
pub struct Menu {
    /// The first is booted unless somebody chooses another; no two have the same name.
    pub plans: Vec<BootPlan>,
    /// For GRUB and the kernel.
    pub serial: SerialChoice,
}

/// The name of the kernel's file, which is compressed.
pub(super) const KERNEL: &str = "rmapbench.elf.gz";

/// After `multiboot2`, which asks for pixels: a BIOS shows text without, UEFI cannot.
const TEXT_MODE: &str = "if [ \"$grub_platform\" = pc ]; then set gfxpayload=text; fi";

impl Menu {
    /// The kernel's command line for `plan`.
    pub fn command_line(&self, plan: &BootPlan) -> String {
        let mut words = format!("plan={}", plan.name);
        if let Some(com) = self.serial.com {
            let _ = write!(words, " com={com}");
        }
        if let Some(baud) = self.serial.baud {
            let _ = write!(words, " baud={baud}");
        }
        words
    }

    /// The menu in GRUB's language. `head` comes before the entries; kernel and plans lie in `folder`,
    /// as GRUB names it.
    pub(super) fn text(&self, head: &str, folder: &str) -> String {
        let unit = self.serial.com.unwrap_or_default().unit();
        let baud = self.serial.baud.unwrap_or(Baud::USUAL);
        let mut text = format!("set port={unit}\nset speed={baud}\n{head}");
        for (place, plan) in self.plans.iter().enumerate() {
            let key = hotkey(place).unwrap_or(' ');
            let title = printable(&format!("{key}  {}: {}", plan.name, plan.summary));
            let words = self.command_line(plan);
            let _ = writeln!(text, "\nmenuentry '{title}' --hotkey='{key}' {{");
            let _ = writeln!(text, "  multiboot2 {folder}/{KERNEL} {words}");
            let _ = writeln!(text, "  {TEXT_MODE}");
            for module in self.own_first(place) {
                let _ = writeln!(text, "  module2 {folder}/{} {}", module.file(), module.name);
            }
            text.push_str("}\n");
        }
        text
    }

    /// All plans, so that `plan=` can be edited in the menu; that of the entry comes first.
    fn own_first(&self, place: usize) -> impl Iterator<Item = &BootPlan> {
        let others = self.plans.iter().enumerate().filter(move |(other, _)| *other != place);
        self.plans.get(place).into_iter().chain(others.map(|(_, plan)| plan))
    }

    /// Adds all plans to the files of an image, below `folder`.
    pub(super) fn add_plans(&self, tree: &mut Tree, folder: &str) {
        for plan in &self.plans {
            tree.add(format!("{folder}{}", plan.file()), &*plan.bytes);
        }
    }
}

/// What to press for an entry, as far as there are digits. Letters would not do: GRUB takes some of them,
/// such as `v` for down, before it looks for an entry.
fn hotkey(place: usize) -> Option<char> {
    "123456789".chars().nth(place)
}

/// What GRUB can show without fonts and take between single quotes.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(shown).map(|c| if c == '\'' { '"' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{BootPlan, Menu, SerialChoice};

    fn plan(name: &str, summary: &str) -> BootPlan {
        BootPlan { name: name.to_owned(), summary: summary.to_owned(), bytes: Vec::new() }
    }

    #[test]
    fn each_entry_boots_its_plan_and_carries_the_others() {
        let plans = vec![plan("own", "it's mine × 2"), plan("quick", "all"), plan("verify", "x")];
        let serial = SerialChoice { com: "2".parse().ok(), baud: "9600".parse().ok() };
        let text = Menu { plans, serial }.text("# head\n", "/boot");
        insta::assert_snapshot!(text, @r##"
        set port=1
        set speed=9600
        # head

        menuentry '1  own: it"s mine ? 2' --hotkey='1' {
          multiboot2 /boot/rmapbench.elf.gz plan=own com=2 baud=9600
          if [ "$grub_platform" = pc ]; then set gfxpayload=text; fi
          module2 /boot/plans/own.bin own
          module2 /boot/plans/quick.bin quick
          module2 /boot/plans/verify.bin verify
        }

        menuentry '2  quick: all' --hotkey='2' {
          multiboot2 /boot/rmapbench.elf.gz plan=quick com=2 baud=9600
          if [ "$grub_platform" = pc ]; then set gfxpayload=text; fi
          module2 /boot/plans/quick.bin quick
          module2 /boot/plans/own.bin own
          module2 /boot/plans/verify.bin verify
        }

        menuentry '3  verify: x' --hotkey='3' {
          multiboot2 /boot/rmapbench.elf.gz plan=verify com=2 baud=9600
          if [ "$grub_platform" = pc ]; then set gfxpayload=text; fi
          module2 /boot/plans/verify.bin verify
          module2 /boot/plans/own.bin own
          module2 /boot/plans/quick.bin quick
        }
        "##);
    }

    #[test]
    fn what_is_not_chosen_is_left_to_the_kernel() {
        let menu = Menu { plans: vec![plan("quick", "")], serial: SerialChoice::default() };
        assert_eq!(menu.command_line(&menu.plans[0]), "plan=quick");
        assert!(menu.text("", "/boot").starts_with("set port=0\nset speed=115200\n"));
    }
}
