//! Frames that a device holds.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::outcome::Refused;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Lets a device take hold of `frame`: it can be unmapped from address spaces, but stays where it
    /// is until the device lets go.
    ///
    /// # Errors
    /// It is no page, or is being migrated.
    pub fn pin(&self, frame: Frame) -> Result<(), Refused> {
        self.check_is_page(frame)?;
        if self.is_migrating(frame) {
            return Err(Refused::Migrating);
        }
        self.raise_pins(frame);
        Ok(())
    }

    /// Undoes one [`Self::pin`].
    ///
    /// # Errors
    /// No device holds it.
    pub fn unpin(&self, frame: Frame) -> Result<(), Refused> {
        self.check_is_page(frame)?;
        let pins = self.frames.info(frame).pins().load(Relaxed);
        let held = pins - u32::from(self.is_migrating(frame));
        if held == 0 {
            return Err(Refused::NotAPage);
        }
        self.lower_pins(frame);
        Ok(())
    }

    /// Keeps the page in `frame` where it is, for whatever reason, until [`Self::lower_pins`].
    pub(crate) fn raise_pins(&self, frame: Frame) {
        self.frames.info(frame).pins().fetch_add(1, Relaxed);
    }

    /// Undoes one [`Self::raise_pins`]; a page that everybody else has left meanwhile is freed.
    pub(crate) fn lower_pins(&self, frame: Frame) {
        self.frames.info(frame).pins().fetch_sub(1, Relaxed);
        self.free_if_unused(frame);
    }

    /// Whether `frame` is a page that address spaces or objects use.
    pub(super) fn check_is_page(&self, frame: Frame) -> Result<(), Refused> {
        match self.frames.kind(frame) {
            FrameKind::Anonymous | FrameKind::ObjectPage => Ok(()),
            _ => Err(Refused::NotAPage),
        }
    }
}
