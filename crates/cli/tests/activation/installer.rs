//! The two programs that install the manifests of sops-nix.

use std::path::PathBuf;

use nixseal_testkit::Host;

/// Which one a case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installer {
    /// nixseal, called `sops-install-secrets`.
    Ours,
    /// The original.
    #[cfg(feature = "originals")]
    Original,
}

/// The name both are called by.
pub(crate) const NAME: &str = "sops-install-secrets";

impl Installer {
    /// Whether it is nixseal.
    pub(crate) fn is_ours(self) -> bool {
        self == Self::Ours
    }

    /// Makes it known in the machine by its name.
    pub(crate) fn install_on(self, host: &Host) {
        let path = match self {
            Self::Ours => PathBuf::from(env!("CARGO_BIN_EXE_nixseal")),
            #[cfg(feature = "originals")]
            Self::Original => original("NIXSEAL_SOPS_INSTALL_SECRETS"),
        };
        if !host.work().exists(format!("bin/{NAME}")) {
            host.program(NAME, path);
        }
    }
}

/// The originals cannot be brought by tests/peers. Whoever has them can name them.
#[cfg(feature = "originals")]
pub(crate) fn original(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} names no original to compare with"))
        .into()
}
