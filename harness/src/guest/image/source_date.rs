//! The moment of which every part of an image claims to be: that of the commit, so that the same
//! commit gives the same bytes.

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;

use crate::tools::Shell;

/// A moment in seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDate(Timestamp);

impl SourceDate {
    /// When the source at `root` was committed. Source that is in no repository is of 1980, the first
    /// year that FAT knows.
    pub fn of(root: &Path, shell: Shell) -> Self {
        Self(committed(root, shell).unwrap_or(Timestamp::constant(315_532_800, 0)))
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// `program`, to be run at that moment. GRUB and xorriso go by the variable and mtools by the clock.
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new("env");
        command
            .arg(format!("SOURCE_DATE_EPOCH={}", self.seconds()))
            .args(["TZ=UTC0", "LC_ALL=C", "faketime", "-f"])
            .arg(self.0.strftime("%Y-%m-%d %H:%M:%S").to_string())
            .arg(program);
        command
    }
}

fn committed(root: &Path, shell: Shell) -> Option<Timestamp> {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]).current_dir(root);
    let output = shell.capture(&mut git).ok().filter(|output| output.status.success())?;
    Timestamp::from_second(str::from_utf8(&output.stdout).ok()?.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::SourceDate;
    use crate::tools::shown;

    #[test]
    fn a_program_runs_at_the_moment_of_the_commit_in_any_time_zone() {
        let date = SourceDate(Timestamp::constant(886_000_000, 0));
        assert_eq!(
            shown(&date.command(Path::new("mformat"))),
            "env SOURCE_DATE_EPOCH=886000000 TZ=UTC0 LC_ALL=C faketime -f '1998-01-28 15:06:40' mformat"
        );
    }
}
