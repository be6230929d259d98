//! The views: for each a template with its fields, and what asks the API for them.

pub(crate) mod audit;
pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod compare;
pub(crate) mod device;
pub(crate) mod devices;
mod fault;
mod files;
mod going;
mod lately;
pub(crate) mod now;
pub(crate) mod release;
pub(crate) mod releases;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod start;
pub(crate) mod trust;
pub(crate) mod upload;
