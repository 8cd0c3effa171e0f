//! `nixseal exec` as typed.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "help texts speak of paths such as a.b[0]"
)]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{IdentityArgs, RulesArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  nixseal exec secrets/app.yaml -- ./server --port 80
      one variable for every value; nested ones as db_password
  nixseal exec --env PGPASSWORD=secrets/db.yaml:postgres.password -- psql
  nixseal exec --env TOKEN=token.age --file KUBECONFIG=kube.yaml -- kubectl get pods
      TOKEN has the content of token.age, KUBECONFIG the path of a file in memory
  nixseal exec --pristine secrets/app.env -- env
      nothing of this environment but the secrets

The command replaces nixseal: exit code and signals are its own. No shell takes part: for one,
write sh -c '…'. A file of --file can be read by the command and its children, by this user only,
under a name below /proc; it is gone with the command.

An .age file named alone becomes the variable of its name (db-password.age: DB_PASSWORD), or
several if it is called x.env.age, x.yaml.age or x.json.age. A variable from a whole file loses
one line end.";

#[derive(Args, Debug)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// A variable with a value or a whole file. KEY is a path such as a.b[0].
    #[arg(long, value_name = "NAME=FILE[:KEY]")]
    pub(crate) env: Vec<String>,
    /// A variable with the path of a file that has a value or a whole file.
    #[arg(long, value_name = "NAME=FILE[:KEY]")]
    pub(crate) file: Vec<String>,
    /// Pass on nothing of this environment.
    #[arg(long)]
    pub(crate) pristine: bool,
    /// SOPS files and .age files, of either kind as many as you like.
    #[arg(value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// What to run.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
