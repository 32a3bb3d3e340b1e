//! What a machine shows on its own screen: who it is, how far it is, and at the end what it measured. All
//! of it is drawn into a page of text, which the VGA's text mode and a framebuffer show alike.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod cell;
mod display;
pub mod framebuffer;
pub mod keyboard;
mod page;
mod status;
pub mod summary;
mod terminal;

pub use cell::{COLUMNS, Cell, Place, ROWS, Style, TextScreen};
pub use display::Display;
pub use page::Page;
pub use status::Ending;
pub use terminal::Terminal;
