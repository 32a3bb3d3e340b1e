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
        self.frames.info(frame).pins().fetch_add(1, Relaxed);
        Ok(())
    }

    /// Undoes one [`Self::pin`].
    ///
    /// # Errors
    /// No device holds it.
    pub fn unpin(&self, frame: Frame) -> Result<(), Refused> {
        self.check_is_page(frame)?;
        let pins = self.frames.info(frame).pins();
        let held = pins.load(Relaxed) - u32::from(self.is_migrating(frame));
        if held == 0 {
            return Err(Refused::NotAPage);
        }
        pins.fetch_sub(1, Relaxed);
        self.free_if_unused(frame);
        Ok(())
    }

    /// Whether `frame` is a page that address spaces or objects use.
    pub(super) fn check_is_page(&self, frame: Frame) -> Result<(), Refused> {
        match self.frames.kind(frame) {
            FrameKind::Anonymous | FrameKind::ObjectPage => Ok(()),
            _ => Err(Refused::NotAPage),
        }
    }
}
