//! The operator interface, through its real router: scenarios of people at work.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod backups;
mod browser;
mod campaigns;
mod census;
mod conditions;
mod described;
mod desk;
mod devices;
mod enrolment;
mod events;
mod explanations;
mod intents;
mod pages;
mod people;
mod preflights;
mod products;
mod pushes;
mod releases;
mod risks;
mod roles;
mod rollovers;
mod sessions;
mod setups;
mod signals;
mod signing;
mod sketches;
mod taken_away;
mod uploads;
