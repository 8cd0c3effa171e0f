//! Plugins, with a word of advice when one is not installed.

use std::fmt;
use std::sync::Arc;

use nixseal_age::{
    FileKey, Identity, Interaction, Recipient, Stanza, UnwrapError, WrapError, Wrapped,
};
use nixseal_base::process::find_program;

use super::complaint::plugin_not_found;

/// A recipient or identity that the plugin `name` serves.
pub(super) struct PluginKey<K> {
    name: String,
    key: K,
    interaction: Arc<Interaction>,
}

impl<K> PluginKey<K> {
    pub(super) fn new(name: String, key: K, interaction: &Arc<Interaction>) -> Self {
        Self {
            name,
            key,
            interaction: Arc::clone(interaction),
        }
    }

    fn is_installed(&self) -> bool {
        let program = format!("age-plugin-{}", self.name);
        find_program(self.interaction.environment(), &program).is_some()
    }
}

impl<K: fmt::Display> fmt::Display for PluginKey<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(formatter)
    }
}

impl<K: Recipient> Recipient for PluginKey<K> {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        if self.is_installed() {
            return self.key.wrap(file_key);
        }
        Err(WrapError::Refused {
            recipient: self.to_string(),
            reason: plugin_not_found(&self.name),
        })
    }
}

impl<K: Identity> Identity for PluginKey<K> {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        if self.is_installed() {
            return self.key.unwrap(stanzas);
        }
        Err(UnwrapError::Unusable(plugin_not_found(&self.name)))
    }
}
