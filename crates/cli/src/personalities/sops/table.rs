//! Every flag of every command, as `sops` 3.13.3 declares them, and one of ours.
//!
//! `--preserve-layout`, which the original does not have, keeps the text of files and replaces
//! only what changes in it.

use nixseal_base::env::{
    SOPS_AGE_RECIPIENTS, SOPS_AZURE_KEYVAULT_URLS, SOPS_CONFIG, SOPS_DECRYPTION_ORDER,
    SOPS_DISABLE_VERSION_CHECK, SOPS_ENABLE_LOCAL_KEYSERVICE, SOPS_GCP_KMS_IDS,
    SOPS_HUAWEICLOUD_KMS_IDS, SOPS_KEYSERVICE, SOPS_KMS_ARN, SOPS_PGP_FP, SOPS_VAULT_URIS,
};

use super::flags::{Flag, Kind, Table};

macro_rules! flags {
    ($($name:ident = $flag:expr;)*) => { $(static $name: Flag = $flag;)* };
}

flags! {
    IN_PLACE = Flag::switch(&["in-place", "i"], "write the result back to the file");
    OUTPUT = Flag::text(&["output"], "write the result to this file");
    EXTRACT = Flag::text(&["extract"], "only one value or branch, such as '[\"somekey\"][0]'");
    INPUT_TYPE = Flag::text(&["input-type"], "read as binary, dotenv, ini, json or yaml");
    OUTPUT_TYPE = Flag::text(&["output-type"], "write as binary, dotenv, ini, json or yaml");
    IGNORE_MAC = Flag::switch(&["ignore-mac"], "decrypt although the MAC does not fit");
    FILENAME_OVERRIDE = Flag::text(
        &["filename-override"],
        "choose creation rule and types by this name",
    );
    DECRYPTION_ORDER = Flag::text(
        &["decryption-order"],
        "kinds of keys in the order in which to try them, comma separated",
    )
    .or(&SOPS_DECRYPTION_ORDER);
    LOCAL_KEYSERVICE = Flag::of(
        &["enable-local-keyservice"],
        Kind::SwitchOn,
        "use the keys of this machine",
    )
    .or(&SOPS_ENABLE_LOCAL_KEYSERVICE);
    KEYSERVICE = Flag::of(
        &["keyservice"],
        Kind::Texts,
        "use another key service too (not supported yet)",
    )
    .or(&SOPS_KEYSERVICE);
    KMS = Flag::text(&["kms", "k"], "ARNs of AWS KMS keys, comma separated").or(&SOPS_KMS_ARN);
    AWS_PROFILE = Flag::text(&["aws-profile"], "profile for requests to AWS");
    GCP_KMS = Flag::text(&["gcp-kms"], "resource ids of GCP KMS keys, comma separated")
        .or(&SOPS_GCP_KMS_IDS);
    HCKMS = Flag::text(
        &["hckms"],
        "HuaweiCloud KMS keys as region:key-uuid, comma separated",
    )
    .or(&SOPS_HUAWEICLOUD_KMS_IDS);
    AZURE_KV = Flag::text(&["azure-kv"], "URLs of Azure Key Vault keys, comma separated")
        .or(&SOPS_AZURE_KEYVAULT_URLS);
    VAULT = Flag::text(
        &["hc-vault-transit"],
        "URIs of HashiCorp Vault transit keys, comma separated",
    )
    .or(&SOPS_VAULT_URIS);
    PGP = Flag::text(&["pgp", "p"], "PGP fingerprints, comma separated").or(&SOPS_PGP_FP);
    AGE = Flag::text(&["age", "a"], "age recipients, comma separated").or(&SOPS_AGE_RECIPIENTS);
    UNENCRYPTED_SUFFIX = Flag::text(
        &["unencrypted-suffix"],
        "leave values in clear whose keys end so",
    );
    ENCRYPTED_SUFFIX = Flag::text(
        &["encrypted-suffix"],
        "encrypt only values whose keys end so",
    );
    UNENCRYPTED_REGEX = Flag::text(
        &["unencrypted-regex"],
        "leave values in clear whose keys match",
    );
    ENCRYPTED_REGEX = Flag::text(&["encrypted-regex"], "encrypt only values whose keys match");
    UNENCRYPTED_COMMENT_REGEX = Flag::text(
        &["unencrypted-comment-regex"],
        "leave values in clear whose comments match",
    );
    ENCRYPTED_COMMENT_REGEX = Flag::text(
        &["encrypted-comment-regex"],
        "encrypt only values whose comments match",
    );
    ENCRYPTION_CONTEXT = Flag::text(
        &["encryption-context"],
        "key:value pairs for AWS KMS, comma separated",
    );
    THRESHOLD = Flag::of(
        &["shamir-secret-sharing-threshold"],
        Kind::Number,
        "how many key groups must take part",
    );
    SHOW_MASTER_KEYS = Flag::switch(
        &["show-master-keys", "s"],
        "show the keys of the file in the editor too",
    );
    PRESERVE_LAYOUT = Flag::switch(
        &["preserve-layout"],
        "keep the text of the file, replace only what changes (not in the original)",
    );
    IDEMPOTENT = Flag::switch(&["idempotent"], "do not write when nothing changes");
    VALUE_FILE = Flag::switch(&["value-file"], "the value is the path of a file that holds it");
    VALUE_STDIN = Flag::switch(&["value-stdin"], "read the value from standard input");
    YES = Flag::switch(&["yes", "y"], "do not ask");
    FILE = Flag::text(&["file", "f"], "the file to change");
    BACKGROUND = Flag::switch(&["background"], "do not wait for the command (deprecated)");
    PRISTINE = Flag::switch(&["pristine"], "give the command nothing but the values");
    USER = Flag::text(&["user"], "run the command as this user");
    SAME_PROCESS = Flag::switch(&["same-process"], "become the command instead of starting it");
    NO_FIFO = Flag::switch(&["no-fifo"], "use a regular file instead of a named pipe");
    FILENAME = Flag::text(&["filename"], "name of that file");
    OMIT_EXTENSIONS = Flag::switch(&["omit-extensions"], "leave file extensions out");
    RECURSIVE = Flag::switch(&["recursive"], "publish a whole folder");
    VERBOSE = Flag::switch(&["verbose"], "log more");
    NETWORK = Flag::text(&["network", "net"], "network to listen on");
    ADDRESS = Flag::text(&["address", "addr"], "address to listen on");
    PROMPT = Flag::switch(&["prompt"], "ask before each request");
    DECRYPT = Flag::switch(&["decrypt", "d"], "decrypt a file to standard output");
    ENCRYPT = Flag::switch(&["encrypt", "e"], "encrypt a file to standard output");
    ROTATE = Flag::switch(&["rotate", "r"], "encrypt with a new data key");
    SET = Flag::text(&["set"], "set a value, such as '[\"somekey\"][0] {\"a\": true}'");
    DISABLE_VERSION_CHECK = Flag::switch(
        &["disable-version-check"],
        "do not look for newer versions; never done here",
    )
    .or(&SOPS_DISABLE_VERSION_CHECK);
    CHECK_FOR_UPDATES = Flag::switch(
        &["check-for-updates"],
        "look for newer versions; never done here",
    );
    CONFIG = Flag::text(&["config"], "use this configuration file").or(&SOPS_CONFIG);
    INDENT = Flag::of(&["indent"], Kind::Number, "indentation of YAML and JSON");
    MAC_ONLY_ENCRYPTED = Flag::switch(
        &["mac-only-encrypted"],
        "leave values in clear out of the MAC",
    );
    HELP = Flag::switch(&["help", "h"], "show help");
    VERSION = Flag::switch(&["version", "v"], "print the version");
    ADD_KMS = Flag::text(&["add-kms"], "add AWS KMS keys");
    RM_KMS = Flag::text(&["rm-kms"], "remove AWS KMS keys");
    ADD_PGP = Flag::text(&["add-pgp"], "add PGP keys");
    RM_PGP = Flag::text(&["rm-pgp"], "remove PGP keys");
    ADD_GCP_KMS = Flag::text(&["add-gcp-kms"], "add GCP KMS keys");
    RM_GCP_KMS = Flag::text(&["rm-gcp-kms"], "remove GCP KMS keys");
    ADD_HCKMS = Flag::text(&["add-hckms"], "add HuaweiCloud KMS keys");
    RM_HCKMS = Flag::text(&["rm-hckms"], "remove HuaweiCloud KMS keys");
    ADD_AZURE_KV = Flag::text(&["add-azure-kv"], "add Azure Key Vault keys");
    RM_AZURE_KV = Flag::text(&["rm-azure-kv"], "remove Azure Key Vault keys");
    ADD_VAULT = Flag::text(&["add-hc-vault-transit"], "add HashiCorp Vault keys");
    RM_VAULT = Flag::text(&["rm-hc-vault-transit"], "remove HashiCorp Vault keys");
    ADD_AGE = Flag::text(&["add-age"], "add age recipients");
    RM_AGE = Flag::text(&["rm-age"], "remove age recipients");
    // `groups add` takes its keys one by one.
    GROUP_PGP = Flag::of(&["pgp"], Kind::Texts, "PGP fingerprint; may be repeated");
    GROUP_KMS = Flag::of(&["kms"], Kind::Texts, "ARN of an AWS KMS key; may be repeated");
    GROUP_GCP_KMS = Flag::of(&["gcp-kms"], Kind::Texts, "GCP KMS key; may be repeated");
    GROUP_HCKMS = Flag::of(&["hckms"], Kind::Texts, "HuaweiCloud KMS key; may be repeated");
    GROUP_AZURE_KV = Flag::of(&["azure-kv"], Kind::Texts, "Azure Key Vault key; may be repeated");
    GROUP_VAULT = Flag::of(
        &["hc-vault-transit"],
        Kind::Texts,
        "HashiCorp Vault key; may be repeated",
    );
    GROUP_AGE = Flag::of(&["age"], Kind::Texts, "age recipient; may be repeated");
}

/// Before a command, or without one.
pub(super) static GLOBAL: Table = &[
    &DECRYPT,
    &ENCRYPT,
    &ROTATE,
    &DISABLE_VERSION_CHECK,
    &CHECK_FOR_UPDATES,
    &KMS,
    &AWS_PROFILE,
    &GCP_KMS,
    &HCKMS,
    &AZURE_KV,
    &VAULT,
    &PGP,
    &AGE,
    &IN_PLACE,
    &EXTRACT,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &SHOW_MASTER_KEYS,
    &ADD_GCP_KMS,
    &RM_GCP_KMS,
    &ADD_HCKMS,
    &RM_HCKMS,
    &ADD_AZURE_KV,
    &RM_AZURE_KV,
    &ADD_KMS,
    &RM_KMS,
    &ADD_VAULT,
    &RM_VAULT,
    &ADD_AGE,
    &RM_AGE,
    &ADD_PGP,
    &RM_PGP,
    &IGNORE_MAC,
    &MAC_ONLY_ENCRYPTED,
    &UNENCRYPTED_SUFFIX,
    &ENCRYPTED_SUFFIX,
    &UNENCRYPTED_REGEX,
    &ENCRYPTED_REGEX,
    &UNENCRYPTED_COMMENT_REGEX,
    &ENCRYPTED_COMMENT_REGEX,
    &CONFIG,
    &ENCRYPTION_CONTEXT,
    &SET,
    &THRESHOLD,
    &INDENT,
    &VERBOSE,
    &OUTPUT,
    &FILENAME_OVERRIDE,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
    &VERSION,
];

/// Of a command that has only commands below it.
pub(super) static NONE: Table = &[&HELP];

pub(super) static ENCRYPT_FLAGS: Table = &[
    &IN_PLACE,
    &OUTPUT,
    &KMS,
    &AWS_PROFILE,
    &GCP_KMS,
    &HCKMS,
    &AZURE_KV,
    &VAULT,
    &PGP,
    &AGE,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &UNENCRYPTED_SUFFIX,
    &ENCRYPTED_SUFFIX,
    &UNENCRYPTED_REGEX,
    &ENCRYPTED_REGEX,
    &ENCRYPTION_CONTEXT,
    &THRESHOLD,
    &FILENAME_OVERRIDE,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static DECRYPT_FLAGS: Table = &[
    &IN_PLACE,
    &EXTRACT,
    &OUTPUT,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &IGNORE_MAC,
    &FILENAME_OVERRIDE,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static ROTATE_FLAGS: Table = &[
    &IN_PLACE,
    &OUTPUT,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &ENCRYPTION_CONTEXT,
    &ADD_GCP_KMS,
    &RM_GCP_KMS,
    &ADD_HCKMS,
    &RM_HCKMS,
    &ADD_AZURE_KV,
    &RM_AZURE_KV,
    &ADD_KMS,
    &RM_KMS,
    &ADD_VAULT,
    &RM_VAULT,
    &ADD_AGE,
    &RM_AGE,
    &ADD_PGP,
    &RM_PGP,
    &FILENAME_OVERRIDE,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static EDIT_FLAGS: Table = &[
    &KMS,
    &AWS_PROFILE,
    &GCP_KMS,
    &HCKMS,
    &AZURE_KV,
    &VAULT,
    &PGP,
    &AGE,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &UNENCRYPTED_SUFFIX,
    &ENCRYPTED_SUFFIX,
    &UNENCRYPTED_REGEX,
    &ENCRYPTED_REGEX,
    &ENCRYPTION_CONTEXT,
    &THRESHOLD,
    &SHOW_MASTER_KEYS,
    &IGNORE_MAC,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static SET_FLAGS: Table = &[
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &VALUE_FILE,
    &VALUE_STDIN,
    &THRESHOLD,
    &IGNORE_MAC,
    &DECRYPTION_ORDER,
    &IDEMPOTENT,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static UNSET_FLAGS: Table = &[
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &THRESHOLD,
    &IGNORE_MAC,
    &DECRYPTION_ORDER,
    &IDEMPOTENT,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static UPDATEKEYS_FLAGS: Table = &[
    &YES,
    &INPUT_TYPE,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static GROUPS_ADD_FLAGS: Table = &[
    &FILE,
    &IN_PLACE,
    &GROUP_PGP,
    &GROUP_KMS,
    &AWS_PROFILE,
    &GROUP_GCP_KMS,
    &GROUP_HCKMS,
    &GROUP_AZURE_KV,
    &GROUP_VAULT,
    &GROUP_AGE,
    &THRESHOLD,
    &ENCRYPTION_CONTEXT,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static GROUPS_DELETE_FLAGS: Table = &[
    &FILE,
    &IN_PLACE,
    &THRESHOLD,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &PRESERVE_LAYOUT,
    &HELP,
];

pub(super) static EXEC_ENV_FLAGS: Table = &[
    &BACKGROUND,
    &PRISTINE,
    &USER,
    &SAME_PROCESS,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &HELP,
];

pub(super) static EXEC_FILE_FLAGS: Table = &[
    &BACKGROUND,
    &NO_FIFO,
    &USER,
    &INPUT_TYPE,
    &OUTPUT_TYPE,
    &FILENAME,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &HELP,
];

pub(super) static PUBLISH_FLAGS: Table = &[
    &YES,
    &OMIT_EXTENSIONS,
    &RECURSIVE,
    &VERBOSE,
    &DECRYPTION_ORDER,
    &LOCAL_KEYSERVICE,
    &KEYSERVICE,
    &HELP,
];

pub(super) static KEYSERVICE_FLAGS: Table = &[&NETWORK, &ADDRESS, &PROMPT, &VERBOSE, &HELP];

pub(super) static FILESTATUS_FLAGS: Table = &[&INPUT_TYPE, &HELP];
