//! What a check finds besides what the lint does.

use nixseal_lint::rule::{Rule, Severity};

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $title:literal why $why:literal instead $instead:literal)*) => {
        $(
            #[doc = $title]
            pub const $name: &Rule = &Rule {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                why: $why,
                instead: $instead,
                bad: "",
                good: "",
                about_text: false,
            };
        )*
        /// All of them, in the order of the reference.
        pub const ALL: &[&Rule] = &[$($name),*];
    };
}

rules! {
    RULES_UNUSABLE "rules-unusable" Error "rules that cannot be used"
        why "nobody can tell who may read these files, and nothing can be encrypted anew"
        instead "mend the rule"
    RULES_ODD "rules-odd" Warning "something in .sops.yaml does not do what it seems to"
        why "sops takes it without a word, and leaves values in clear or without a recipient"
        instead "mend the rule"
    FILE_MISSING "file-missing" Error "a rule for a file that is not there"
        why "a configuration that uses it cannot be built, or the rule is left from a file that was removed"
        instead "make it with `nixseal edit FILE`, or remove the rule"
    NOT_ENCRYPTED "not-encrypted" Error "a file in clear that a rule says is a secret"
        why "everybody who can read the repository can read it"
        instead "encrypt it: `nixseal set FILE < FILE` if it ends in .age, else `nixseal sops encrypt -i FILE`; what was committed is known and must be changed"
    DAMAGED_FILE "damaged-file" Error "an encrypted file that cannot be read"
        why "no host can open it"
        instead "take an older version from git"
    UNREADABLE_FILE "unreadable-file" Error "a file of a rule that cannot be read"
        why "nobody knows whom it is encrypted to, or whether it is at all"
        instead "mend its rights, or run the check as somebody who can read it"
    DRIFT "drift" Error "a file that is encrypted to others than its rule says"
        why "who left can still read it, or who came cannot"
        instead "`nixseal rekey FILE`"
    UNKNOWN_RECIPIENTS "unknown-recipients" Warning "files whose recipients cannot be told"
        why "recipients of age files are anonymous, and the lock does not know these contents"
        instead "run `nixseal rekey` once and commit the lock"
    LOCK_STALE "lock-stale" Warning "entries of the lock for files without a rule"
        why "they are left from rules that were removed"
        instead "`nixseal check --fix` removes them, as does the next rekey"
    LOCK_UNMERGED "lock-unmerged" Warning "a lock with the marks of a merge"
        why "git could not merge it, and a commit of it hides what is known of the files"
        instead "`nixseal check --fix` takes the marks out, as does the next rekey"
    NOT_IN_LOCK "not-in-lock" Note "files that fit their rules and are not in the lock"
        why "their recipients are told by their SSH keys, which another kind of key would not allow"
        instead "`nixseal check --fix` adds them"
    ORPHAN "orphan" Warning "an encrypted file that no rule is for"
        why "a rekey leaves it out, so who should not read it any more still can"
        instead "add a rule, or remove the file: git rm FILE"
    DECLARED_MISSING "declared-missing" Error "a configuration names an encrypted file that is not there"
        why "it cannot be built, or its activation fails"
        instead "make the file with `nixseal edit FILE`, or mend the path"
    DECLARED_IN_CLEAR "declared-in-clear" Error "a configuration names a file as encrypted that is in clear"
        why "the file is copied into the store, where everybody can read it, and activation cannot decrypt it"
        instead "encrypt it"
    HOST_CANNOT_READ "host-cannot-read" Error "a secret of a host that is not encrypted to the host"
        why "activation fails on the host"
        instead "add the host's key to the rule and run `nixseal rekey`"
    WORLD_WRITABLE "world-writable" Warning "a file of secrets or rules that everybody can write"
        why "every user of this machine can put a key of their own among the recipients"
        instead "`nixseal check --fix`, or chmod o-w FILE"
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Rules and what is in them.
    Rules,
    /// Encrypted files.
    Files,
    /// Who can read them.
    Recipients,
    /// Configurations and hosts that use them.
    Configuration,
    /// Anything else in clear.
    Clear,
    /// What the lint found.
    Nix,
}

impl Kind {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Files => "files",
            Self::Recipients => "recipients",
            Self::Configuration => "configurations",
            Self::Clear => "in clear",
            Self::Nix => "nix",
        }
    }
}

/// What a rule is about.
pub fn kind(rule: &Rule) -> Kind {
    match rule.id {
        "rules-unusable" | "rules-odd" => Kind::Rules,
        "file-missing" | "damaged-file" | "unreadable-file" | "orphan" | "world-writable" => {
            Kind::Files
        }
        "drift" | "unknown-recipients" | "lock-stale" | "lock-unmerged" | "not-in-lock" => {
            Kind::Recipients
        }
        "declared-missing" | "declared-in-clear" | "host-cannot-read" => Kind::Configuration,
        "not-encrypted" | "private-key-file" | "plaintext-beside-encrypted" => Kind::Clear,
        _ => Kind::Nix,
    }
}
