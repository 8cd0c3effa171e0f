//! Changes to encrypted files: what `sops set`, `unset`, `rotate`, `updatekeys`, `groups`, `edit`
//! and `exec-env` do, without files, prompts and processes.
//!
//! Values are found, set and removed by [`Path`](nixseal_document::path::Path) in the documents of
//! a [`DecryptedFile`](crate::DecryptedFile); its
//! [`encrypt`](crate::DecryptedFile::encrypt) then keeps the encrypted text of all that did not
//! change.

mod comments;
mod edit;
pub mod environment;
pub mod index;
pub mod recipients;
mod rotate;
pub mod value;
