//! What an image is made of, in JSON beside it. Equal images have equal manifests.

use serde::Serialize;

use super::menu::Menu;
use super::tree::Tree;
use crate::guest::{Kernel, hex, sha256};
use crate::results::Git;

/// The whole file.
#[derive(Debug, Serialize)]
pub struct Manifest<'i> {
    schema_version: u32,
    /// `iso`, `usb` or `pxe`.
    kind: &'static str,
    /// The image itself; null for a folder.
    image: Option<Listed>,
    #[serde(flatten)]
    circumstances: Circumstances,
    kernel: KernelJson<'i>,
    /// In the order of the menu; the first is the default.
    entries: Vec<EntryJson<'i>>,
    /// All files within.
    files: Vec<Listed>,
}

/// A file and its contents.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its name, or its path within the image.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What made the image.
#[derive(Debug, Serialize)]
pub struct Circumstances {
    /// The source tree; null outside a repository.
    pub git: Option<Git>,
    /// The moment of which all files claim to be, in seconds since 1970.
    pub source_date_epoch: i64,
    /// The compiler.
    pub rustc: Option<String>,
    /// What `grub-mkrescue` says of itself.
    pub grub: Option<String>,
    /// What `xorriso` says of itself.
    pub xorriso: Option<String>,
}

#[derive(Debug, Serialize)]
struct KernelJson<'i> {
    build_id: String,
    sha256: &'i str,
}

#[derive(Debug, Serialize)]
struct EntryJson<'i> {
    plan: &'i str,
    summary: &'i str,
    command_line: String,
}

impl Listed {
    /// A file with these contents.
    pub fn new(path: &str, contents: &[u8]) -> Self {
        Self { path: path.to_owned(), bytes: contents.len() as u64, sha256: sha256(contents) }
    }

    /// The files of `tree`, in the order of their paths.
    pub fn all(tree: &Tree) -> Vec<Self> {
        tree.files().map(|(path, contents)| Self::new(path, contents)).collect()
    }
}

impl<'i> Manifest<'i> {
    /// The manifest of `files`, packed into `image` unless they lie in a folder.
    pub fn new(
        kind: &'static str,
        image: Option<Listed>,
        files: Vec<Listed>,
        kernel: &'i Kernel,
        menu: &'i Menu,
        circumstances: Circumstances,
    ) -> Self {
        let entry = |plan: &'i super::BootPlan| EntryJson {
            plan: &plan.name,
            summary: &plan.summary,
            command_line: menu.command_line(plan),
        };
        Self {
            schema_version: 1,
            kind,
            image,
            circumstances,
            kernel: KernelJson { build_id: hex(&kernel.build_id), sha256: &kernel.sha256 },
            entries: menu.plans.iter().map(entry).collect(),
            files,
        }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("all keys are text");
        json + "\n"
    }
}
