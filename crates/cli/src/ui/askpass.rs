//! `SSH_ASKPASS`: a program that shows its argument and prints the answer.

use std::process::Stdio;

use nixseal_base::process;
use nixseal_base::prompt::PromptError;
use nixseal_base::secret::{SecretBytes, SecretText};

/// Longest answer that is taken.
const LIMIT: usize = 64 * 1024;

/// Runs `program` with the question as its only argument.
pub(super) fn ask(program: &str, question: &str) -> Result<SecretText, PromptError> {
    let failed = |reason: String| PromptError::Failed(format!("'{program}': {reason}"));
    let mut child = process::command(program)
        .arg(question)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|cause| failed(cause.to_string()))?;
    let answer = match child.stdout.take() {
        Some(output) => SecretBytes::read_from(output, LIMIT),
        None => Ok(SecretBytes::default()),
    };
    let status = child.wait().map_err(|cause| failed(cause.to_string()))?;
    if !status.success() {
        return Err(PromptError::Cancelled);
    }
    let answer = answer.map_err(|cause| failed(cause.to_string()))?;
    let text = answer
        .into_text()
        .map_err(|_| failed("the answer is not UTF-8".to_owned()))?;
    Ok(text.without_line_end())
}
