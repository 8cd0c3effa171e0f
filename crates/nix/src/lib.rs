//! Reading Nix without Nix: a lazy evaluator, and the rules of `secrets.nix` on
//! top of it.

pub mod eval;
pub mod rules;
