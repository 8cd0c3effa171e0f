//! Groups of master keys: wrapping the data key for all of them, and recovering it from enough.
//!
//! With one group every key wraps the data key itself. With several, every group has one share
//! (Shamir), and as many groups as the threshold says must take part.

mod failure;
mod recover;
mod wrap;

pub use failure::{GroupReport, KeyReport, RecoveryFailure};
pub use recover::{DecryptionOrder, InvalidOrder, Owners, recover};
pub(crate) use wrap::{Previous, wrap_after};
pub use wrap::{WrapError, wrap};
