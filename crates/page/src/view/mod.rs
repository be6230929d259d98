//! The views: for each a template with its fields, and what asks the API for them.

pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod device;
pub(crate) mod devices;
mod lately;
pub(crate) mod now;
pub(crate) mod sign_in;
