//! Random events under every scheme, compared with what they should do. The engine knows which
//! events there are and what they should do; this decides how many, and when everything is checked.
#![expect(clippy::result_large_err, reason = "no heap is there for a text that ends a world")]

mod engine;
mod explore;
mod plan;
mod shadowed;
mod text;

pub use engine::{Engine, Trouble, World};
pub use explore::{Explored, Script, Watch, explore};
pub use plan::{LIFE, Orders, VERIFY, verify};
pub use shadowed::Shadowed;
pub use text::Text;
