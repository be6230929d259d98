//! What is left to do in the folder once the record of generations says that a step was taken, or says that it was
//! not: the same at the next start, after a power cut, as right after the step.

use otary_fleet::AnchorId;

use crate::certificate::Certificate;
use crate::disk;
use crate::error::Error;
use crate::folder::{ADOPTED, Folder, Member, NEW_GENERATION};
use crate::signing;
use crate::state::State;

/// Brings the folder in line with the record. Only whoever writes the folder may call it.
pub(crate) fn settle(folder: &Folder, state: &State) -> Result<(), Error> {
    State::settle(folder)?;
    signing::settle(folder)?;
    Member::ALL.into_iter().try_for_each(|member| folder.settle(member))?;
    let incoming = folder.inner(NEW_GENERATION);
    if state.incoming().is_some() {
        Member::ALL.into_iter().try_for_each(|member| incoming.settle(member))?;
    } else {
        if !is_home(folder, state)? && lies(&incoming, Member::Root, state.home().map(|home| home.anchor.id))?
        {
            take_over(folder, &incoming)?;
        }
        incoming.clear()?;
    }
    if state.adopted().is_none() {
        folder.inner(ADOPTED).clear()?;
    }
    if state.next_key_exported {
        disk::remove_file(&next_home(folder, state).key_path(Member::NextRoot))?;
    }
    Ok(())
}

/// The folder in which the root after all generations is.
pub(crate) fn next_home(folder: &Folder, state: &State) -> Folder {
    if state.incoming().is_some() { folder.inner(NEW_GENERATION) } else { folder.clone() }
}

/// Whether the roots in the folder are those of the record; else a finished rollover left them one folder further in.
pub(crate) fn is_home(folder: &Folder, state: &State) -> Result<bool, Error> {
    let root = lies(folder, Member::Root, state.home().map(|home| home.anchor.id))?;
    let next = Some(state.generations.next.id);
    Ok(root && (state.incoming().is_some() || lies(folder, Member::NextRoot, next)?))
}

fn lies(folder: &Folder, member: Member, wanted: Option<AnchorId>) -> Result<bool, Error> {
    let found = folder.certificate(member.certificate_file())?;
    Ok(found.as_ref().map(Certificate::anchor_id) == wanted)
}

/// Puts the pairs of a generation that is in charge now into the places of the old one, whose keys are gone with that.
fn take_over(folder: &Folder, incoming: &Folder) -> Result<(), Error> {
    for member in Member::ALL {
        if incoming.certificate(member.certificate_file())?.is_some() {
            folder.replace(member, &incoming.read(member)?)?;
        }
    }
    Ok(())
}
