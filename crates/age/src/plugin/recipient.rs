//! Encrypting through a plugin: protocol `recipient-v1`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use nixseal_base::secret::SecretText;

use super::connection::Connection;
use super::message::Message;
use super::session::{answer, check_index, send_grease};
use super::{PluginNameError, recipient_name};
use crate::keyring::Interaction;
use crate::{FileKey, Recipient, Stanza, WrapError, Wrapped};

/// A recipient `age1NAME1…`, or an identity `AGE-PLUGIN-NAME-1…` that its plugin
/// can encrypt to.
pub struct PluginRecipient {
    name: String,
    target: Target,
    interaction: Arc<Interaction>,
}

enum Target {
    Recipient(String),
    Identity(SecretText),
}

impl PluginRecipient {
    /// Reads `age1NAME1…`. The program is looked for when it is needed.
    ///
    /// # Errors
    /// When the text is damaged or names no plugin.
    pub fn parse(text: &str, interaction: &Arc<Interaction>) -> Result<Self, PluginNameError> {
        Ok(Self {
            name: recipient_name(text)?,
            target: Target::Recipient(text.to_owned()),
            interaction: Arc::clone(interaction),
        })
    }

    pub(super) fn of_identity(
        name: &str,
        text: SecretText,
        interaction: &Arc<Interaction>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            target: Target::Identity(text),
            interaction: Arc::clone(interaction),
        }
    }

    /// Name of the plugin; the program is `age-plugin-NAME`.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, file_key: &FileKey) -> Result<Wrapped, String> {
        let _turn =
            matches!(self.target, Target::Identity(_)).then(|| self.interaction.device_turn());
        let mut connection = Connection::open(&self.name, "recipient-v1", &self.interaction)?;
        match &self.target {
            Target::Recipient(text) => connection.send("add-recipient", &[text], &[])?,
            Target::Identity(text) => connection.send("add-identity", &[text.expose()], &[])?,
        }
        send_grease(&mut connection)?;
        connection.send("wrap-file-key", &[], file_key.expose())?;
        connection.send("extension-labels", &[], &[])?;
        connection.send("done", &[], &[])?;
        let mut stanzas = Vec::new();
        let mut labels: Option<BTreeSet<String>> = None;
        loop {
            let message = connection.receive()?;
            match message.kind.as_str() {
                "recipient-stanza" => {
                    stanzas.push(read_stanza(message)?);
                    connection.send("ok", &[], &[])?;
                }
                "labels" => {
                    if labels.is_some() {
                        return Err("it sent its labels twice".to_owned());
                    }
                    labels = Some(message.args.into_iter().collect());
                    connection.send("ok", &[], &[])?;
                }
                "error" => {
                    connection.send("ok", &[], &[])?;
                    return Err(message.shown());
                }
                "done" => break,
                _ => answer(&mut connection, &self.interaction, &self.name, &message)?,
            }
        }
        if stanzas.is_empty() {
            return Err("it sent no stanza".to_owned());
        }
        Ok(Wrapped {
            stanzas,
            labels: labels.unwrap_or_default(),
        })
    }
}

fn read_stanza(message: Message) -> Result<Stanza, String> {
    check_index(&message)?;
    let mut args = message.args.into_iter().skip(1);
    let tag = args.next().ok_or("it sent a stanza without a kind")?;
    Ok(Stanza {
        tag,
        args: args.collect(),
        body: message.body.to_vec(),
    })
}

impl fmt::Display for PluginRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Recipient(text) => formatter.write_str(text),
            Target::Identity(_) => write!(formatter, "identity of plugin {}", self.name),
        }
    }
}

impl Recipient for PluginRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        self.run(file_key).map_err(|reason| WrapError::Refused {
            recipient: self.to_string(),
            reason: format!("{} plugin: {reason}", self.name),
        })
    }
}
