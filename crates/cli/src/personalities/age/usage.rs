//! What `age -h` prints.

/// The flags of `age`, in our words.
pub(super) const USAGE: &str = "Usage:
    age [--encrypt] (-r RECIPIENT | -R PATH)... [--armor] [-o OUTPUT] [INPUT]
    age [--encrypt] --passphrase [--armor] [-o OUTPUT] [INPUT]
    age --encrypt -i PATH... [--armor] [-o OUTPUT] [INPUT]
    age --decrypt [-i PATH]... [-o OUTPUT] [INPUT]

Options:
    -e, --encrypt               Encrypt INPUT to OUTPUT. This is the default.
    -d, --decrypt               Decrypt INPUT to OUTPUT.
    -o, --output OUTPUT         Write to this file; it is replaced once all went well.
    -a, --armor                 Encrypt to text (PEM).
    -p, --passphrase            Encrypt with a passphrase.
    -r, --recipient RECIPIENT   Encrypt to this recipient. Can be repeated.
    -R, --recipients-file PATH  Encrypt to the recipients in this file. Can be repeated.
    -i, --identity PATH         Use the identities in this file. Can be repeated.
    -j PLUGIN                   Use this plugin without an identity file. Can be repeated.
    --version                   Print the version.

INPUT is standard input unless it is given, OUTPUT is standard output; both can
be \"-\". Flags come before INPUT.

A RECIPIENT is a public key of age (\"age1...\"), or of SSH (\"ssh-ed25519 AAAA...\",
\"ssh-rsa AAAA...\").

A recipients file has one recipient a line, an identity file one secret key
(\"AGE-SECRET-KEY-1...\") a line, or it is an SSH private key, or an identity
file encrypted with a passphrase. Empty lines and lines with \"#\" first do not
count. \"-\" is standard input.

With --encrypt and -i, the file is encrypted to the identities themselves.

Example:
    $ age-keygen -o key.txt
    $ tar cz docs | age -e -i key.txt -o docs.tar.gz.age
    $ age -d -i key.txt docs.tar.gz.age | tar xz";
