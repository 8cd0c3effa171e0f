//! JSON as SOPS reads and writes it.
//!
//! The top is an object; keys may repeat; numbers are integers when they fit into 64 bits with a
//! sign, else floating point. Output has Go's layout and escapes (`<`, `>` and `&` as `\u003c`
//! and so on). Comments are not written.
//!
//! Stricter than `sops`, which reads the first object and drops in silence what follows it, and
//! ends a cut-off file at its last whole value: both are errors here.

pub(crate) mod emit;
pub(crate) mod read;
pub(crate) mod splice;
