//! Lines on standard error in the shape of the original's log.

use std::time::SystemTime;

use nixseal_base::clock::rfc3339;

use crate::personalities::go_text::quoted;
use crate::ui::Ui;

/// A warning, as `sops` logs it.
pub(super) fn warn(ui: &Ui, message: &str) {
    log(ui, "warning", "WARN", message);
}

/// Something that the user can put right, with the reason.
pub(super) fn error(ui: &Ui, message: &str, reason: &str) {
    if ui.has_progress() {
        ui.say(format_args!(
            "[CMD]\t ERRO[0000] {message} error={}",
            quoted(reason)
        ));
    } else {
        let time = rfc3339(SystemTime::now());
        let (message, reason) = (quoted(message), quoted(reason));
        ui.say(format_args!(
            "[CMD]\t time=\"{time}\" level=error msg={message} error={reason}"
        ));
    }
}

/// What ends a run whose command line is wrong.
pub(super) fn fatal(ui: &Ui, message: &str) {
    log(ui, "fatal", "FATA", message);
}

/// What failed, while the run goes on.
pub(super) fn failed(ui: &Ui, message: &str) {
    log(ui, "error", "ERRO", message);
}

/// What `--verbose` tells, under the name of the part that tells it.
pub(super) fn info(ui: &Ui, logger: &str, message: &str, field: Option<(&str, &str)>) {
    write(ui, logger, ("info", "INFO"), message, field);
}

/// What `--verbose` tells of steps.
pub(super) fn debug(ui: &Ui, logger: &str, message: &str) {
    write(ui, logger, ("debug", "DEBU"), message, None);
}

fn log(ui: &Ui, level: &str, short: &str, message: &str) {
    write(ui, "CMD", (level, short), message, None);
}

fn write(
    ui: &Ui,
    logger: &str,
    (level, short): (&str, &str),
    message: &str,
    field: Option<(&str, &str)>,
) {
    let field = field.map(|(name, value)| format!(" {name}={value}"));
    let field = field.unwrap_or_default();
    if ui.has_progress() {
        ui.say(format_args!("[{logger}]\t {short}[0000] {message}{field}"));
    } else {
        let (time, message) = (rfc3339(SystemTime::now()), quoted(message));
        ui.say(format_args!(
            "[{logger}]\t time=\"{time}\" level={level} msg={message}{field}"
        ));
    }
}
