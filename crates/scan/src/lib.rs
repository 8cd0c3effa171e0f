//! A search for the values of secrets where nobody should find them.
//!
//! Data flows one way: values of secrets ([`value`]) become byte patterns, one for each encoding in
//! which they end up in a store ([`encode`], [`pattern`]); all patterns become one [`matcher`];
//! [`walk`] reads files, names and links in parallel and gives findings without values; [`origin`]
//! explains how each of them got there. Without values, [`shapes`] finds what looks like a token or
//! a private key.
//!
//! Patterns are secret: they are wiped when dropped and never printed. Nothing here prints.

pub mod derivation;
pub mod encode;
pub mod finding;
pub mod matcher;
pub mod origin;
pub mod pattern;
pub mod shapes;
pub mod store;
pub mod suitable;
pub mod value;
pub mod walk;
