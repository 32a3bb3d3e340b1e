//! Calls external commands and shows each with `-v`.

use std::io;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use super::ToolError;

/// How much to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Results and progress.
    Normal,
    /// Also every external command and the guest's console.
    Verbose,
}

/// Calls external commands.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    /// Whether to show them.
    pub verbosity: Verbosity,
}

impl Shell {
    /// Runs to the end; what the command prints goes to standard error, ours is for results.
    pub fn run(self, command: &mut Command) -> Result<ExitStatus, ToolError> {
        self.show(command);
        command.stdin(Stdio::null()).stdout(io::stderr()).status().map_err(not_started(command))
    }

    /// Runs to the end and returns what the command prints.
    pub fn capture(self, command: &mut Command) -> Result<Output, ToolError> {
        self.show(command);
        command.stdin(Stdio::null()).output().map_err(not_started(command))
    }

    /// Starts and does not wait.
    pub fn spawn(self, command: &mut Command) -> Result<Child, ToolError> {
        self.show(command);
        command.stdin(Stdio::null()).spawn().map_err(not_started(command))
    }

    fn show(self, command: &Command) {
        if self.verbosity == Verbosity::Verbose {
            eprintln!("$ {}", shown(command));
        }
    }
}

fn not_started(command: &Command) -> impl FnOnce(io::Error) -> ToolError {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| ToolError::NotStarted { program, source }
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+,./:@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::shown;

    #[test]
    fn a_shown_command_can_be_typed_again() {
        let mut command = Command::new("grub-mkrescue");
        command.args(["--locales=", "--install-modules=normal boot", "it's", ""]);
        assert_eq!(
            shown(&command),
            r"grub-mkrescue --locales= '--install-modules=normal boot' 'it'\''s' ''"
        );
    }
}
