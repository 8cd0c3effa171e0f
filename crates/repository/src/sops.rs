//! Files of SOPS in a tree: which there are, and what their rules want of them.

pub mod discover;
