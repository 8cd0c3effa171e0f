//! What the rules are: their ids, why they are, and an example of each kind.
//!
//! The reference is made of this table, and every example is checked by a test.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never makes a check fail.
    Note,
    /// A risk.
    Warning,
    /// A secret is, or will be, readable by everybody.
    Error,
}

impl Severity {
    /// Its name, also in SARIF.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// What people write into allow comments.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// The safe form.
    pub instead: &'static str,
    /// Text that the rule finds; for rules about files, what is there.
    pub bad: &'static str,
    /// The same, done safely.
    pub good: &'static str,
    /// Whether the examples are Nix, and the rule looks at one text.
    pub about_text: bool,
}

macro_rules! rules {
    ($($(#[$files:ident])? $name:ident $id:literal $severity:ident $title:literal
        why $why:literal
        instead $instead:literal
        bad $bad:literal
        good $good:literal)*) => {
        $(
            #[doc = $title]
            pub const $name: &Rule = &Rule {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                why: $why,
                instead: $instead,
                bad: $bad,
                good: $good,
                about_text: true $(&& { let $files = false; $files })?,
            };
        )*
        /// All rules, in the order of the reference.
        pub const ALL: &[&Rule] = &[$($name),*];
    };
}

rules! {
    PLAINTEXT_READ "plaintext-read" Error "a secret in clear is read at evaluation"
        why "what is read at evaluation becomes part of the configuration, and so of the store, where everybody can read it; the file is in clear in git besides"
        instead "encrypt the file and give its decrypted path to an option that takes a file"
        bad "{ services.myapp.password = builtins.readFile ./password.txt; }"
        good "{ services.myapp.passwordFile = config.age.secrets.myapp-password.path; }"
    STORE_WRITE "store-write" Error "a secret is written into the store"
        why "toFile, writeText and environment.etc make files in the store, and every file there is readable by everybody"
        instead "encrypt the value and use the path of the decrypted file; a file of several values is a template of sops-nix"
        bad "{ services.myapp.tokenFile = builtins.toFile \"token\" (builtins.readFile ./token.txt); }"
        good "{ services.myapp.tokenFile = config.sops.secrets.myapp-token.path; }"
    PLAINTEXT_PATH "plaintext-path" Error "the path of a secret in clear copies it into the store"
        why "a path without quotes is copied into the store when it is used, with everything that is in the file"
        instead "encrypt the file; the option gets the path of the decrypted one, which is text and is not copied"
        bad "{ services.restic.backups.home.passwordFile = ./restic-password; }"
        good "{ services.restic.backups.home.passwordFile = \"/run/agenix/restic-password\"; }"
    LITERAL_SECRET "literal-secret" Error "a secret stands in the configuration"
        why "the value of an option ends in a unit or a configuration file in the store, and this file is in git"
        instead "encrypt the value, and use an option that takes a file, or a template"
        bad "{ services.myapp.settings.apiKey = \"v9Kq2mTz71Lw\"; }"
        good "{ services.myapp.settings.apiKeyFile = config.age.secrets.myapp.path; }"
    LITERAL_TOKEN "literal-token" Error "a token stands in the configuration"
        why "it has the form of a token that a service hands out; whoever can read the store or the repository can use it"
        instead "revoke it, encrypt the new one, and use it from a file"
        bad "{ home.file.note.text = \"glpat-x7Tq2LmZ9KwR4vNb8sYc\"; }"
        good "{ programs.git.includes = [ { path = config.age.secrets.git-token.path; } ]; }"
    LITERAL_PRIVATE_KEY "literal-private-key" Error "a private key stands in the configuration"
        why "whoever can read the store or the repository has the key"
        instead "make a new key, encrypt it, and give the service the path of the decrypted file"
        bad "{ security.key = \"AGE-SECRET-KEY-1QWERTYUPASDFGHJKLZXCVNM023456789QWERTYUPASDFGHJKLZXCVNM02\"; }"
        good "{ sops.age.keyFile = \"/var/lib/sops-nix/key.txt\"; }"
    PASSWORD_HASH "password-hash" Warning "the hash of a password stands in the configuration"
        why "it is no password, but everybody who can read the store or the repository can try passwords against it at leisure"
        instead "encrypt the hash and use hashedPasswordFile"
        bad "{ users.users.alice.hashedPassword = \"$6$Zk3vQ9xT$h1Kq8mWz5LrXn2VbYc7JsPd4GfTaBeUiOo\"; }"
        good "{ users.users.alice.hashedPasswordFile = config.age.secrets.alice-hash.path; }"
    DECRYPTED_READ "decrypted-read" Error "a decrypted secret is read at evaluation"
        why "it copies the value into the store; and at evaluation the file is not there on another machine, or not yet"
        instead "give the path itself to the program, and let it read the file when it runs"
        bad "{ services.myapp.password = builtins.readFile config.age.secrets.myapp.path; }"
        good "{ services.myapp.passwordFile = config.age.secrets.myapp.path; }"
    FILE_OPTION "file-option" Error "a value where the module can take a file"
        why "the value ends in the store, where everybody can read it, and this module can read it from a file"
        instead "use the option that is named, with the path of a decrypted secret"
        bad "{ networking.wireguard.interfaces.wg0.privateKey = \"yAnz5TF1lXXJte14tji3zlMNq1hd2rYUIgJBgB3fBmk=\"; }"
        good "{ networking.wireguard.interfaces.wg0.privateKeyFile = config.sops.secrets.wg0.path; }"
    PATH_AS_VALUE "path-as-value" Error "the path of a secret where its value is wanted"
        why "the option takes the secret itself, so the program gets the path for a password, which everybody knows"
        instead "use the variant of the option that takes a file, or a template"
        bad "{ services.myapp.password = config.age.secrets.myapp.path; }"
        good "{ services.myapp.passwordFile = config.age.secrets.myapp.path; }"
    HASH_EXPECTED "hash-expected" Error "a password where its hash is wanted, or the other way round"
        why "the account cannot be used with that password, and the password is in clear where a hash should be"
        instead "make a hash with `mkpasswd`, and keep that in the file of hashedPasswordFile"
        bad "{ users.users.alice.hashedPassword = \"hunter2\"; }"
        good "{ users.users.alice.hashedPasswordFile = config.age.secrets.alice-hash.path; }"
    FILE_OUTSIDE_STORE "file-outside-store" Warning "the encrypted file of a secret is outside of the store"
        why "the file is not part of the configuration: it may be missing on the host or be another version, and activation fails"
        instead "use a path without quotes, or one that begins with an interpolated flake input"
        bad "{ age.secrets.wifi.file = \"/etc/nixos/secrets/wifi.age\"; }"
        good "{ age.secrets.wifi.file = ./secrets/wifi.age; }"
    WORLD_READABLE "world-readable" Warning "everybody can read the decrypted secret"
        why "the mode lets every user and every service of the host read the file"
        instead "set owner or group to who needs it, and leave the mode at 0400 or 0440"
        bad "{ age.secrets.wifi = { file = ./wifi.age; mode = \"0444\"; }; }"
        good "{ age.secrets.wifi = { file = ./wifi.age; owner = \"wpa\"; mode = \"0400\"; }; }"
    SECRET_ENVIRONMENT "secret-environment" Error "a secret in the environment of a unit or of everybody"
        why "units are files in the store, `systemctl show` prints their environment to everybody, and children inherit it"
        instead "put NAME=value into an encrypted file and use EnvironmentFile or environmentFiles"
        bad "{ systemd.services.myapp.environment.API_TOKEN = \"k3Vn8qLz5Wt2\"; }"
        good "{ systemd.services.myapp.serviceConfig.EnvironmentFile = config.sops.secrets.myapp-env.path; }"
    SECRET_ARGUMENT "secret-argument" Error "a secret on a command line"
        why "the command is in the store, and every user sees the arguments of running programs"
        instead "let the program read a file or its environment, or use LoadCredential"
        bad "{ systemd.services.myapp.script = \"myapp --api-token=k3Vn8qLz5Wt2\"; }"
        good "{ systemd.services.myapp.script = \"myapp --api-token-file=\\\"$CREDENTIALS_DIRECTORY/token\\\"\"; }"
    TRACE_SECRET "trace-secret" Error "a secret is printed at evaluation"
        why "traces end in the logs of builds, of CI and of terminals"
        instead "trace the path, or whether the value is set"
        bad "{ x = builtins.trace config.services.myapp.password true; }"
        good "{ x = builtins.trace config.services.myapp.passwordFile true; }"
    TOKEN_IN_URL "token-in-url" Error "a secret in a URL"
        why "URLs end in the store, in derivations and in logs"
        instead "use a netrc file or an access token of Nix that is not in the repository; for databases, a password file"
        bad "{ src = builtins.fetchGit \"https://alice:q8Zr1vLw0p@git.example.net/private.git\"; }"
        good "{ src = builtins.fetchGit \"ssh://git@git.example.net/private.git\"; }"
    ACCESS_TOKENS "access-tokens" Error "access tokens of Nix in the configuration"
        why "nix.conf is in the store and everybody can read it"
        instead "put the line into an encrypted file and include it: nix.extraOptions = \"!include ${config.age.secrets.nix.path}\""
        bad "{ nix.settings.access-tokens = \"github.com=q8Zr1vLw0pXt5nHb2Kd7\"; }"
        good "{ nix.extraOptions = \"!include ${config.age.secrets.nix-tokens.path}\"; }"
    #[files] PRIVATE_KEY_FILE "private-key-file" Error "a private key in clear in the repository"
        why "everybody who can read the repository has the key, also from its history; with flakes the whole repository is copied into the store"
        instead "make a new key, and keep it outside of the repository or encrypted"
        bad "keys/host_ed25519, an OpenSSH key without passphrase"
        good "keys/host_ed25519.age"
    #[files] PLAINTEXT_BESIDE "plaintext-beside-encrypted" Error "a file in clear beside its encrypted form"
        why "it was decrypted to look at it or to edit it, and is about to be committed"
        instead "remove it, or list it in .gitignore; `nixseal edit` needs no such file"
        bad "secrets/wifi and secrets/wifi.age"
        good "secrets/wifi.age"
    BAD_ALLOW "bad-allow" Warning "an allow comment that allows nothing"
        why "without a rule that exists and a reason nobody can tell later whether it was meant"
        instead "write # nixseal: allow RULE REASON"
        bad "{ services.nginx.enable = true; # nixseal: allow literal-secret\n}"
        good "{ services.demo.password = \"tr0ub4dor\"; # nixseal: allow literal-secret the demo's is public\n}"
    UNUSED_ALLOW "unused-allow" Warning "an allow comment for what is not there"
        why "the next secret on this line would pass unseen"
        instead "remove the comment"
        bad "{ services.nginx.enable = true; # nixseal: allow literal-secret was needed once\n}"
        good "{ services.nginx.enable = true; }"
    #[files] NOT_READ "not-read" Warning "a file that could not be read"
        why "nobody knows what is in it, so nothing was checked"
        instead "mend its rights, or run this as somebody who can read it"
        bad "a.nix, which only root can read"
        good "a.nix, which whoever runs the lint can read"
    NOT_PARSED "not-parsed" Note "a file that could not be looked at"
        why "it is not Nix, for example a template of another tool, or it cannot be read"
        instead "mend it, or leave it out"
        bad "{ a = ; }"
        good "{ a = 1; }"
}

/// The rule of that id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
