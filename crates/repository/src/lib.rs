//! A folder of secrets: its rules, its files and its lock.
//!
//! Data flows one way: [`locate`] finds the rules, [`Repository`] reads them
//! with the lock, [`plan`] compares files with rules, [`rekey`] and [`edit`]
//! change files through one batch.

pub mod drift;
pub mod generate;
pub mod locate;
pub mod lock;
