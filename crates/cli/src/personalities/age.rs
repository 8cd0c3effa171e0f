//! `age` as its users know it: the flags, words, exit codes and prompts of
//! Go age 1.3.
//!
//! What differs on purpose is listed in `docs/reference/drop-ins/age.md`. The
//! main point: a file given with `-o` is replaced only by a complete one.

mod complaint;
mod keys;
pub(super) mod lines;
mod options;
mod passphrase;
mod plugins;
mod protected;
mod recipients;
mod ssh_keys;
pub(super) mod streams;
mod usage;

use std::ffi::OsString;

use nixseal_age::{Armor, Encryptor, Error, FileKey, Header, OpenFile, ScryptRecipient};

use self::complaint::{Complaint, Stop};
use self::keys::{AnyIdentity, Asking};
use self::lines::Stdin;
use self::options::{FLAGS, Job, Key, Typed, Work};
use self::passphrase::AskedPassphrase;
use self::recipients::{AnyRecipient, FileRecipients};
use self::streams::{Plan, Sink, Source};
use super::go_flags;
use crate::context::Context;
use crate::ui::{Ui, UserPrompter};

/// What `-version` prints: the version that is stood in for, as scripts compare it.
pub(super) const VERSION: &str = "v1.3.2";

/// Runs `age` with `arguments`; gives the exit code.
pub(super) fn run(context: &Context, arguments: &[OsString]) -> u8 {
    let ui = &context.ui;
    if arguments.is_empty() {
        ui.say(usage::USAGE);
        return 1;
    }
    let typed = match go_flags::parse(&FLAGS, arguments) {
        Ok(parsed) => Typed::new(parsed),
        Err(error) => return error.tell(ui, usage::USAGE),
    };
    if typed.version {
        ui.line(VERSION);
        return 0;
    }
    match work(context, arguments, typed) {
        Ok(()) => 0,
        Err(stop) => stop.tell(ui),
    }
}

fn work(context: &Context, arguments: &[OsString], typed: Typed<'_>) -> Result<(), Stop> {
    let ui = &context.ui;
    typed.check(arguments)?;
    for duplicate in typed.duplicates() {
        warn(ui, &duplicate);
    }
    let here = std::env::current_dir().unwrap_or_default();
    // The original finds an input that is not there before an output that is the same.
    let same = typed.check_output(&here);
    let job = typed.into_job();
    let source = Source::open(&job)?;
    same?;
    let plan = Plan::new(&job, &source, ui)?;
    let asking = Asking::new(&context.environment);
    match &job.work {
        Work::Encrypt { .. } | Work::EncryptWithPassphrase => {
            encrypt(context, &job, source, &plan, &asking)
        }
        Work::Decrypt(keys) => decrypt(ui, keys, source, &plan, &asking),
        Work::DecryptWithPassphrase => decrypt_with_passphrase(ui, source, &plan, &asking),
    }
}

fn warn(ui: &Ui, text: &str) {
    ui.say(format_args!("age: warning: {text}"));
}

fn encrypt(
    context: &Context,
    job: &Job<'_>,
    source: Source,
    plan: &Plan<'_>,
    asking: &Asking,
) -> Result<(), Stop> {
    let ui = &context.ui;
    let recipients = match &job.work {
        Work::EncryptWithPassphrase => {
            let prompter = UserPrompter::new(&context.environment);
            let passphrase = passphrase::for_encryption(&prompter).map_err(Complaint::new)?;
            vec![Box::new(ScryptRecipient::new(passphrase)) as AnyRecipient]
        }
        work => recipients_of(ui, work, source.is_stdin, asking)?,
    };
    let name = source.name().to_owned();
    let encryptor =
        Encryptor::new(&recipients).map_err(|error| Complaint::of_engine(&error, &name))?;
    let armor = if job.armor {
        Armor::Armored
    } else {
        Armor::Binary
    };
    fill(ui, plan, &name, |sink| {
        encryptor.encrypt(source, sink, armor)
    })
}

/// Everybody that the command line names.
fn recipients_of(
    ui: &Ui,
    work: &Work<'_>,
    stdin_in_use: bool,
    asking: &Asking,
) -> Result<Vec<AnyRecipient>, Complaint> {
    let Work::Encrypt {
        recipients,
        files,
        keys,
    } = work
    else {
        return Ok(Vec::new());
    };
    let mut stdin = Stdin::new(stdin_in_use);
    let mut found = FileRecipients::default();
    for argument in recipients {
        let recipient = recipients::of_argument(argument, &asking.interaction)?;
        found.recipients.push(recipient);
    }
    for path in files {
        let read = recipients::of_file(path, &mut stdin, &asking.interaction, &mut found);
        found
            .warnings
            .drain(..)
            .for_each(|warning| warn(ui, &warning));
        read?;
    }
    found
        .recipients
        .extend(keys::recipients(keys, &mut stdin, asking)?);
    Ok(found.recipients)
}

fn decrypt(
    ui: &Ui,
    keys: &[Key<'_>],
    source: Source,
    plan: &Plan<'_>,
    asking: &Asking,
) -> Result<(), Stop> {
    let identities = keys::read(keys, &mut Stdin::new(source.is_stdin), asking)?;
    let identities = keys::in_order_of_trying(identities);
    open(ui, source, plan, |header| {
        let unlocked = header.unlock(&identities);
        let warnings = identities.iter().filter_map(AnyIdentity::warning);
        warnings.for_each(|warning| warn(ui, &warning));
        match unlocked {
            Err(Error::NoMatch { .. }) if header.is_passphrase() => Err(Complaint::new(
                "file is passphrase-encrypted but identities were specified with \
                 -i/--identity or -j",
            )
            .hint("remove all -i/--identity/-j flags to decrypt passphrase-encrypted files")
            .into()),
            other => other.map_err(Failed::Engine),
        }
    })
}

fn decrypt_with_passphrase(
    ui: &Ui,
    source: Source,
    plan: &Plan<'_>,
    asking: &Asking,
) -> Result<(), Stop> {
    let passphrase = AskedPassphrase::new("Enter passphrase", &asking.prompter);
    open(ui, source, plan, |header| {
        match header.unlock(&[&passphrase]) {
            Err(Error::NoMatch { .. }) => Err(Complaint::new(
                "the file is not passphrase-encrypted, identities are required",
            )
            .hint("specify identities with -i/--identity or -j to decrypt this file")
            .into()),
            other => other.map_err(Failed::Engine),
        }
    })
}

/// Why a header did not open.
enum Failed {
    Engine(Error),
    Told(Complaint),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Complaint> for Failed {
    fn from(complaint: Complaint) -> Self {
        Self::Told(complaint)
    }
}

fn open(
    ui: &Ui,
    source: Source,
    plan: &Plan<'_>,
    unlock: impl FnOnce(&Header) -> Result<FileKey, Failed>,
) -> Result<(), Stop> {
    let name = source.name().to_owned();
    let told = |failed| match failed {
        Failed::Engine(error) => Complaint::of_engine(&error, &name),
        Failed::Told(complaint) => complaint,
    };
    let source = source.check_intro()?;
    let file = OpenFile::parse(source).map_err(|error| told(Failed::Engine(error)))?;
    let plaintext = file.decrypt(unlock).map_err(told)?;
    fill(ui, plan, &name, |sink| plaintext.write_to(sink))
}

/// Makes the result with `work` and puts it in place.
fn fill(
    ui: &Ui,
    plan: &Plan<'_>,
    input: &str,
    work: impl FnOnce(&mut Sink) -> Result<u64, Error>,
) -> Result<(), Stop> {
    let mut sink = plan.open(ui)?;
    match work(&mut sink) {
        Ok(_) => sink.finish(ui),
        Err(Error::Write(cause)) => Err(sink.stop(&cause)),
        Err(error) => Err(Complaint::of_engine(&error, input).into()),
    }
}
