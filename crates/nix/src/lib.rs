//! Reading Nix without Nix: a lazy evaluator, the rules of `secrets.nix` on top
//! of it, and the tree of a text for who only looks at it.

pub mod eval;
pub mod rules;
pub mod syntax;
