//! `mmap`.

use rmap::{PageIndex, Scheme, SpaceId};

use super::checked;
use crate::machine::Machine;
use crate::request::{Backing, Growth, MapError, MapRequest, ObjectId, ObjectKind, Placement};
use crate::space::PageRange;
use crate::vm::Vm;
use crate::vma::{Kind, Traits};

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Maps a range, without a page in it yet. Returns its first page.
    ///
    /// # Errors
    /// The range cannot be had, or memory ran out; nothing has changed then.
    pub fn mmap(&self, id: SpaceId, request: &MapRequest) -> Result<PageIndex, MapError> {
        if let Placement::Fixed(start) = request.placement {
            let range = checked(PageRange { start, pages: request.pages })?;
            self.split_huge_ends(id, range)?;
        }
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let range = self.place(space, request.placement, request.pages)?;
        let (object, made) = self.object_behind(request)?;
        let kind = Kind { object, traits: traits(request) };
        let offset = match request.backing {
            Backing::Private => range.start.0,
            Backing::Shared => 0,
            Backing::PrivateObject { offset, .. } | Backing::SharedObject { offset, .. } => offset,
        };
        let fresh = self.new_vma_for(id, range, offset, kind, None);
        // Of the two who hold an object that was made for this, the VMA alone stays.
        if let Some(object) = made {
            self.release_object(object);
        }
        let fresh = fresh?;
        if let Err(out_of_memory) = self.cut_out(space, range) {
            self.free_vma(fresh);
            return Err(out_of_memory.into());
        }
        self.unmap_whole(space, range);
        self.insert_vma(fresh);
        self.heal(space, range);
        Ok(range.start)
    }

    /// The object that a request needs, and the same if it was made for it.
    fn object_behind(
        &self,
        request: &MapRequest,
    ) -> Result<(Option<ObjectId>, Option<ObjectId>), MapError> {
        match request.backing {
            Backing::Private => Ok((None, None)),
            Backing::Shared => {
                let object = self.create_object(ObjectKind::Segment, request.pages)?;
                Ok((Some(object), Some(object)))
            }
            Backing::PrivateObject { object, offset }
            | Backing::SharedObject { object, offset } => {
                offset.checked_add(request.pages).ok_or(MapError::BadRange)?;
                Ok((Some(object), None))
            }
        }
    }
}

fn traits(request: &MapRequest) -> Traits {
    let shared = matches!(request.backing, Backing::Shared | Backing::SharedObject { .. });
    Traits::NONE
        .protected(request.protection)
        .sized(request.page_size)
        .with_if(Traits::SHARED, shared)
        .with_if(Traits::GROWS_DOWN, request.growth == Growth::Down)
}
