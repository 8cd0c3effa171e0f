//! A SOPS file in another format: the same data key, the same recipients.

use std::time::SystemTime;

use nixseal_base::diag::Diagnostic;
use nixseal_base::fs::Creation;
use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Entry, Item, List, Map, Node, Scalar, Value};
use nixseal_document::{Document, EmitOptions, Format, emit, flat, parse};
use nixseal_repository::sops::{OpenSopsFile, SopsFile, SopsRules, drift};
use nixseal_sops::{
    DataKey, DecryptOptions, EncryptedFile, ListComments, Metadata, Moment, Selector, SelectorKind,
    file,
};

use super::Conversion;
use crate::commands::target::failed;
use crate::failure::Failure;

impl Conversion<'_> {
    /// Writes the file anew in the format of the target.
    pub(super) fn reformat(&mut self, source: SopsFile) -> Result<(), Failure> {
        let format = self.format()?;
        let path = self.absolute(self.target);
        let rules = self.rules_of(&path)?;
        let opened = self.open(source)?;
        let refused = |reason: String| {
            Failure::new(format!(
                "cannot convert '{}': {reason}",
                opened.path.display()
            ))
            .hint("nothing was written")
        };
        let branches = carried(&opened, format).map_err(refused)?;
        let options = rules.as_ref().map_or_else(EmitOptions::default, |rules| {
            rules.config.emit_options(format)
        });
        let text = emit(format, &branches, &options).map_err(|error| refused(error.to_string()))?;
        let document = parse(format, text.expose()).map_err(|error| refused(error.to_string()))?;
        if let Some(key) = first_difference(&branches, &document.branches) {
            let reason = format!("{format} cannot hold what stands under '{key}'");
            return Err(refused(reason));
        }
        let read = comments(&document.branches);
        // In a binary file they are part of the text.
        let lost = match format {
            Format::Binary => 0,
            _ => comments(&opened.document().branches).saturating_sub(read),
        };
        let metadata = metadata(&opened, format, rules.as_ref(), &path);
        if lost > 0 && is_by_comment(&metadata.selector) {
            let reason = format!("comments choose its values, and {format} has none");
            return Err(refused(reason));
        }
        let content = sealed(document, format, metadata, opened.key(), &options)
            .map_err(|error| refused(error.to_string()))?;
        self.batch
            .stage(&path, content.expose(), Creation::PUBLIC)?;
        if lost > 0 {
            let ui = &self.session.context.ui;
            ui.warn(format!("{format} has no comments: {lost} are not carried"));
        }
        self.tell_rule(&content, format, rules.as_ref(), &path);
        self.written.push(self.shown(&path));
        Ok(())
    }

    /// Opens a SOPS file with the keys that are at hand.
    pub(super) fn open(&self, source: SopsFile) -> Result<OpenSopsFile, Failure> {
        let keyring = self.session.sops_keyring(&self.arguments.identities)?;
        let rules = self.rules_of(&self.absolute(&source.path))?;
        let owners = rules.map(|rules| rules.owners().clone());
        let opened = source.open(&keyring.keys(), &owners.unwrap_or_default(), false);
        opened.map_err(failed)
    }

    /// Says where the new file does not fit the rules.
    fn tell_rule(
        &self,
        content: &SecretBytes,
        format: Format,
        rules: Option<&SopsRules>,
        path: &std::path::Path,
    ) {
        let Ok(file) = EncryptedFile::parse(format, content.expose()) else {
            return;
        };
        let name = self.shown(path);
        let finding = match rules.map(|rules| rules.encryption(path)) {
            Some(Ok(Some(wanted))) if drift(file.metadata(), format, wanted).is_none() => return,
            Some(Ok(Some(_))) => Diagnostic::warning(format!("'{name}' does not fit its rule"))
                .hint(format!("bring it in line: nixseal rekey {name}")),
            _ => Diagnostic::warning(format!("no creation rule is for '{name}'"))
                .hint("add one to .sops.yaml, so that `nixseal rekey` looks after it"),
        };
        self.session.context.ui.report(&finding);
    }
}

/// The documents as the target can hold them, as far as that can be.
fn carried(opened: &OpenSopsFile, to: Format) -> Result<Vec<Map>, String> {
    let from = opened.format();
    let text = || {
        opened
            .plaintext(&EmitOptions::default())
            .map_err(|error| error.to_string())
    };
    if from == to {
        return Err(format!("it is {to} already"));
    }
    if to == Format::Binary {
        let mut map = Map::default();
        map.push("data", Node::scalar(Value::String(text()?)));
        return Ok(vec![map]);
    }
    if from == Format::Binary {
        let document = parse(to, text()?.expose());
        let document =
            document.map_err(|error| format!("its content is no valid {to}: {error}"))?;
        return Ok(document.branches);
    }
    let flat = matches!(to, Format::Dotenv | Format::Ini);
    let branches = opened.document().branches.iter();
    let mut branches: Vec<Map> = branches.map(|map| copy_map(map, flat)).collect();
    if from == Format::Ini {
        branches.iter_mut().for_each(lift_comments);
    }
    if to == Format::Yaml {
        return Ok(branches);
    }
    let count = branches.len();
    let (Some(copy), 1) = (branches.pop(), count) else {
        return Err(format!("it has {count} documents, and {to} can hold one"));
    };
    Ok(vec![match to {
        Format::Ini => sections(copy),
        Format::Dotenv if from == Format::Ini => without_section(copy)?,
        _ => copy,
    }])
}

/// The tree of an INI file has comments after what they stand above.
fn lift_comments(map: &mut Map) {
    for index in 1..map.entries.len() {
        let pair = matches!(map.entries.get(index - 1), Some(Entry::Pair(_)));
        if pair && matches!(map.entries.get(index), Some(Entry::Comment(_))) {
            map.entries.swap(index - 1, index);
        }
    }
    for entry in &mut map.entries {
        if let Entry::Pair(pair) = entry
            && let Node::Map(section) = &mut pair.value
        {
            lift_comments(section);
        }
    }
}

/// Values outside of sections belong to the one without a name.
fn sections(map: Map) -> Map {
    let mut whole = Map::default();
    let mut outside = Map::default();
    let mut inside = Vec::new();
    for entry in map.entries {
        match entry {
            Entry::Pair(pair) if matches!(pair.value, Node::Map(_)) => {
                inside.push(Entry::Pair(pair));
            }
            // A comment stands before what it is about.
            Entry::Comment(comment) if !inside.is_empty() => inside.push(Entry::Comment(comment)),
            other => outside.entries.push(other),
        }
    }
    if !outside.entries.is_empty() {
        whole.push("DEFAULT", Node::Map(outside));
    }
    whole.entries.extend(inside);
    whole
}

fn without_section(map: Map) -> Result<Map, String> {
    let mut whole = Map::default();
    for entry in map.entries {
        match entry {
            Entry::Pair(pair) if pair.key == "DEFAULT" => match pair.value {
                Node::Map(section) => whole.entries.extend(section.entries),
                value => whole.push(&pair.key, value),
            },
            Entry::Pair(pair) => {
                return Err(format!("dotenv has no sections such as '{}'", pair.key));
            }
            comment @ Entry::Comment(_) => whole.entries.push(comment),
        }
    }
    Ok(whole)
}

/// A copy without places in a text; with `flat`, values are text.
fn copy_map(map: &Map, flat: bool) -> Map {
    let mut copy = Map::default();
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => {
                let text = SecretBytes::copy_of(comment.text());
                let comment = nixseal_document::tree::Comment::new(text, comment.inline);
                copy.entries.push(Entry::Comment(comment));
            }
            Entry::Pair(pair) => copy.push(&pair.key, copy_node(&pair.value, flat)),
        }
    }
    copy
}

/// Documents are never nested deeper than their readers allow.
fn copy_node(node: &Node, flat: bool) -> Node {
    match node {
        Node::Map(map) => Node::Map(copy_map(map, flat)),
        Node::List(list) => {
            let item = |item: &Item| match item {
                Item::Comment(comment) => {
                    let text = SecretBytes::copy_of(comment.text());
                    Item::Comment(nixseal_document::tree::Comment::new(text, comment.inline))
                }
                Item::Value(node) => Item::Value(copy_node(node, flat)),
            };
            Node::List(List {
                items: list.items.iter().map(item).collect(),
                origin: None,
            })
        }
        Node::Scalar(scalar) => match scalar.value() {
            // What is nothing cannot be told from a text: see [`first_difference`].
            Value::Null => Node::scalar(Value::Null),
            value if flat => {
                let mut text = flat::text(value);
                Node::scalar(Value::String(SecretBytes::new(std::mem::take(&mut *text))))
            }
            value => Node::Scalar(Scalar::new(value.duplicate())),
        },
    }
}

/// The first key at which what was written reads otherwise.
fn first_difference(wanted: &[Map], read: &[Map]) -> Option<String> {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    wanted.iter().for_each(|map| leaves(map, "", &mut one));
    read.iter().for_each(|map| leaves(map, "", &mut two));
    let differs = one.iter().zip(&two).find(|(one, two)| one != two);
    let longer = || {
        let shorter = one.len().min(two.len());
        one.get(shorter).or(two.get(shorter))
    };
    let ((path, ..), _) = differs.or_else(|| longer().map(|leaf| (leaf, leaf)))?;
    Some(path.clone())
}

/// Path, whether it is null, and the bytes that SOPS hashes, of each value.
type Leaf = (String, bool, Vec<u8>);

fn leaves(map: &Map, path: &str, into: &mut Vec<Leaf>) {
    for pair in map.pairs() {
        let dot = if path.is_empty() { "" } else { "." };
        node_leaves(&pair.value, format!("{path}{dot}{}", pair.key), into);
    }
}

fn node_leaves(node: &Node, path: String, into: &mut Vec<Leaf>) {
    match node {
        Node::Map(map) => {
            into.push((path.clone(), false, b"{}".to_vec()));
            leaves(map, &path, into);
        }
        Node::List(list) => {
            into.push((path.clone(), false, b"[]".to_vec()));
            for (index, node) in list.values().enumerate() {
                node_leaves(node, format!("{path}[{index}]"), into);
            }
        }
        Node::Scalar(scalar) => {
            let value = scalar.value();
            let null = matches!(value, Value::Null);
            into.push((path, null, flat::text(value).to_vec()));
        }
    }
}

fn comments(branches: &[Map]) -> usize {
    fn of_node(node: &Node) -> usize {
        match node {
            Node::Map(map) => comments(std::slice::from_ref(map)),
            Node::List(list) => list
                .items
                .iter()
                .map(|item| match item {
                    Item::Comment(_) => 1,
                    Item::Value(node) => of_node(node),
                })
                .sum(),
            Node::Scalar(_) => 0,
        }
    }
    let entries = branches.iter().flat_map(|map| &map.entries);
    entries
        .map(|entry| match entry {
            Entry::Comment(_) => 1,
            Entry::Pair(pair) => of_node(&pair.value),
        })
        .sum()
}

fn is_by_comment(selector: &Selector) -> bool {
    use SelectorKind::{EncryptedCommentRegex, UnencryptedCommentRegex};
    let kind = selector.field().map(|(kind, _)| kind);
    matches!(kind, Some(EncryptedCommentRegex | UnencryptedCommentRegex))
}

/// Those of the file: its data key is wrapped for the same recipients. A binary file, which has no
/// keys to choose by, gets the selector of the rule.
fn metadata(
    opened: &OpenSopsFile,
    to: Format,
    rules: Option<&SopsRules>,
    path: &std::path::Path,
) -> Metadata {
    let old = &opened.decrypted.envelope.metadata;
    let rule = rules.and_then(|rules| rules.encryption(path).ok().flatten());
    let chosen = match (opened.format(), to) {
        (_, Format::Binary) => Selector::Everything,
        (Format::Binary, _) => rule
            .and_then(|rule| rule.selector.clone())
            .unwrap_or_else(Selector::default_suffix),
        _ => old.selector.clone(),
    };
    let mut metadata = Metadata::new(old.groups.clone(), chosen, old.last_modified.clone());
    metadata.shamir_threshold = old.shamir_threshold;
    metadata.mac_only_encrypted = old.mac_only_encrypted && to != Format::Binary;
    metadata
}

/// Encrypts, and reads the result back.
fn sealed(
    document: Document,
    format: Format,
    metadata: Metadata,
    key: &DataKey,
    options: &EmitOptions,
) -> Result<SecretBytes, nixseal_sops::Error> {
    let now = Moment::of(SystemTime::now());
    let comments = ListComments::Comments;
    let file = file::encrypt(document, format, metadata, key, comments, now)?;
    let (content, _) = file.emit_kept(*options)?;
    let read = EncryptedFile::parse(format, content.expose())?;
    read.decrypt(key, DecryptOptions::default())?;
    Ok(content)
}
