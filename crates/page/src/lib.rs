//! The operator's web page: what the operator API says, drawn by the server.
//!
//! The page is a client of the operator API, as the command line is: each view asks the router of the API in this process,
//! with the session of whoever looks, and each form becomes one request to it. So the page can do nothing that the API cannot,
//! rights are checked in one place, and the audit log has no second kind of entry.
//!
//! What a person may rely on:
//!
//! - **It works without a script.** Every view is a page of its own, every change a form. The one script adds what a form
//!   cannot: regions that follow the fleet, a file that is dropped on the page, a code that is copied.
//! - **Nothing jumps.** A region that is replaced keeps its place and the reader's selection, and a view is whole when it arrives.
//! - **Nothing is fetched from elsewhere**, and the browser is told so by the page's policy (`headers`).
//! - **What came from a device is text**: templates escape it, and no template says otherwise but for what this crate drew.

mod access;
mod api;
mod asset;
mod charts;
mod done;
mod failure;
mod form;
mod frame;
mod headers;
mod linked;
mod routes;
mod view;
mod words;

pub use routes::over;
