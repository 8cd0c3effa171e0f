//! Decrypting through a plugin: protocol `identity-v1`.

use std::fmt;
use std::sync::Arc;

use nixseal_base::secret::SecretText;

use super::connection::Connection;
use super::recipient::PluginRecipient;
use super::session::{answer, check_index, send_grease};
use super::{PluginNameError, identity_name};
use crate::keyring::Interaction;
use crate::{FileKey, Identity, Stanza, UnwrapError, bech32};

/// An identity `AGE-PLUGIN-NAME-1…`. The data in it may be secret, so it is
/// shown by the plugin's name only.
pub struct PluginIdentity {
    name: String,
    text: SecretText,
    interaction: Arc<Interaction>,
}

impl PluginIdentity {
    /// Reads `AGE-PLUGIN-NAME-1…`. The program is looked for when it is needed.
    ///
    /// # Errors
    /// When the text is damaged or names no plugin.
    pub fn parse(text: &str, interaction: &Arc<Interaction>) -> Result<Self, PluginNameError> {
        Ok(Self {
            name: identity_name(text)?,
            text: SecretText::new(text.to_owned()),
            interaction: Arc::clone(interaction),
        })
    }

    /// The identity without data that `age -j NAME` stands for.
    ///
    /// # Errors
    /// When the name could not be that of a plugin.
    pub fn without_data(
        name: &str,
        interaction: &Arc<Interaction>,
    ) -> Result<Self, PluginNameError> {
        let name = super::checked(name)?;
        let prefix = format!("AGE-PLUGIN-{}-", name.to_ascii_uppercase());
        Self::parse(&bech32::encode_upper(&prefix, &[]), interaction)
    }

    /// Name of the plugin; the program is `age-plugin-NAME`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A recipient that has the plugin encrypt to this identity.
    pub fn to_recipient(&self) -> PluginRecipient {
        PluginRecipient::of_identity(&self.name, self.text.duplicate(), &self.interaction)
    }

    fn run(&self, stanzas: &[Stanza]) -> Result<Option<FileKey>, String> {
        let _turn = self.interaction.device_turn();
        let mut connection = Connection::open(&self.name, "identity-v1", &self.interaction)?;
        connection.send("add-identity", &[self.text.expose()], &[])?;
        send_grease(&mut connection)?;
        for stanza in stanzas {
            let arguments = stanza.args.iter().map(String::as_str);
            let words: Vec<&str> = ["0", &stanza.tag].into_iter().chain(arguments).collect();
            connection.send("recipient-stanza", &words, &stanza.body)?;
        }
        connection.send("done", &[], &[])?;
        let mut file_key = None;
        loop {
            let message = connection.receive()?;
            match message.kind.as_str() {
                "file-key" => {
                    check_index(&message)?;
                    if file_key.is_some() {
                        return Err("it sent a file key twice".to_owned());
                    }
                    let bytes = message.body.as_slice().try_into();
                    file_key = Some(FileKey::new(
                        bytes.map_err(|_| "it sent a file key of a wrong length")?,
                    ));
                    connection.send("ok", &[], &[])?;
                }
                "error" => {
                    connection.send("ok", &[], &[])?;
                    return Err(message.shown());
                }
                "done" => return Ok(file_key),
                _ => answer(&mut connection, &self.interaction, &self.name, &message)?,
            }
        }
    }
}

impl fmt::Display for PluginIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "identity of plugin {}", self.name)
    }
}

impl Identity for PluginIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        match self.run(stanzas) {
            Ok(Some(file_key)) => Ok(file_key),
            Ok(None) => Err(UnwrapError::NoMatch),
            Err(reason) => Err(UnwrapError::Unusable(format!(
                "{} plugin: {reason}",
                self.name
            ))),
        }
    }
}
