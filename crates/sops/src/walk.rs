//! One pass over a document: every value and comment, with the path it is encrypted under and
//! whether the selector chooses it.
//!
//! Follows `sops` 3.13.3 with one repair: an element of a list that decrypts to a comment counts
//! as the comment it was when it was encrypted, where `sops` forgets the comments before it
//! (issue 2281).

mod choice;
mod clear;
mod decrypt;
mod encrypt;
mod halves;

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::{Path, Step};
use nixseal_document::tree::{Comment, Entry, Item, List, Map, Node, Scalar, Value};

pub use choice::selects;
pub(crate) use clear::ClearValues;
pub(crate) use decrypt::Decryptor;
pub(crate) use encrypt::Encryptor;
pub use encrypt::ListComments;
pub(crate) use halves::walk_in_halves;

use crate::selector::Selector;
use crate::value::ValueError;

/// Readers of documents stop far earlier.
const DEPTH_LIMIT: usize = 1000;

/// What went wrong with one value or comment, and where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", shown(.path, *.document))]
pub struct WalkError {
    /// Document of the file, from 0.
    pub document: usize,
    /// The value; for a comment, the map or list that holds it.
    pub path: Path,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with one value or comment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file says that the value is encrypted, but it is not even text.
    #[error("it should be encrypted, but it is of type {0}")]
    NotText(&'static str),
    /// The encrypted value cannot be opened.
    #[error("{0}")]
    Value(#[from] ValueError),
    /// A comment that decrypts to a value.
    #[error("a comment there decrypts to a value of type {0}")]
    CommentIsValue(&'static str),
    /// A value that decrypts to a comment.
    #[error("it decrypts to a comment")]
    ValueIsComment,
    /// A comment whose encrypted form would be taken for one that keeps values in clear.
    #[error(
        "an encrypted comment there matches unencrypted_comment_regex: \
         make the expression one that cannot match 'ENC[…]'"
    )]
    EncryptedCommentMatches,
    /// More maps and lists in each other than anybody writes.
    #[error("maps and lists are nested too deeply")]
    TooDeep,
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(String),
}

/// Where a value or comment stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Keys of the path, each followed by a colon: the additional data of its encryption.
    pub(crate) context: &'a [u8],
    /// Whether the selector chooses it.
    pub(crate) encrypted: bool,
    /// Whether a list holds it.
    pub(crate) in_list: bool,
}

/// What is done with values and comments on the way.
pub(crate) trait Visitor {
    /// A value that is not null. Gives the text of a comment if that is what it became.
    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        place: Place<'_>,
    ) -> Result<Option<SecretBytes>, Fault>;

    /// A comment, which is left alone unless said otherwise. Gives a value if that is what shall
    /// stand in its place.
    fn comment(
        &mut self,
        _comment: &mut Comment,
        _place: Place<'_>,
    ) -> Result<Option<Scalar>, Fault> {
        Ok(None)
    }
}

/// Leads `visitor` through all documents of a file.
pub(crate) fn walk(
    documents: &mut [Map],
    selector: &Selector,
    visitor: &mut impl Visitor,
) -> Result<(), WalkError> {
    for (document, map) in documents.iter_mut().enumerate() {
        Walker::new(selector, visitor)
            .entries(&mut map.entries, false)
            .map_err(|trace| trace.into_error(document))?;
    }
    Ok(())
}

struct Walker<'a, V> {
    selector: &'a Selector,
    by_comment: bool,
    visitor: &'a mut V,
    /// Keys of the path, each followed by a colon.
    path: Vec<u8>,
    /// For every map and list on the path, whether a comment before the member at hand matches.
    frames: Vec<bool>,
    /// How many of those are true.
    active: usize,
}

/// A fault on its way up, with the steps it passed, innermost first.
struct Trace {
    fault: Fault,
    steps: Vec<Step>,
}

impl From<Fault> for Trace {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            steps: Vec::new(),
        }
    }
}

impl Trace {
    fn under(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn into_error(mut self, document: usize) -> WalkError {
        self.steps.reverse();
        WalkError {
            document,
            path: Path(self.steps),
            fault: self.fault,
        }
    }
}

impl<'a, V: Visitor> Walker<'a, V> {
    fn new(selector: &'a Selector, visitor: &'a mut V) -> Self {
        Self {
            selector,
            by_comment: selector.is_by_comment(),
            visitor,
            path: Vec::new(),
            frames: Vec::new(),
            active: 0,
        }
    }

    /// Members of a map. `matched`: whether a key on the path to it matches the selector.
    fn entries(&mut self, entries: &mut [Entry], matched: bool) -> Result<(), Trace> {
        self.enter()?;
        for entry in entries {
            match entry {
                Entry::Comment(comment) => {
                    // Members of maps stay comments.
                    self.comment(comment, matched, false)?;
                }
                Entry::Pair(pair) => {
                    let length = self.path.len();
                    self.path.extend_from_slice(pair.key.as_bytes());
                    self.path.push(b':');
                    let matched = matched || self.selector.matches_key(&pair.key);
                    let walked = self
                        .node(&mut pair.value, matched, false)
                        .and_then(|comment| {
                            comment.map_or(Ok(()), |_| Err(Fault::ValueIsComment.into()))
                        });
                    walked.map_err(|trace| trace.under(Step::Key(pair.key.clone())))?;
                    self.path.truncate(length);
                    self.forget_comments();
                }
            }
        }
        self.leave();
        Ok(())
    }

    fn list(&mut self, list: &mut List, matched: bool) -> Result<(), Trace> {
        self.enter()?;
        let mut index = 0;
        for item in &mut list.items {
            match item {
                Item::Comment(comment) => {
                    if let Some(scalar) = self.comment(comment, matched, true)? {
                        *item = Item::Value(Node::Scalar(scalar));
                    }
                }
                Item::Value(node) => {
                    let walked = self.node(node, matched, true);
                    match walked.map_err(|trace| trace.under(Step::Index(index)))? {
                        Some(text) => {
                            self.note_comment(text.expose());
                            // It is known by its place when it becomes an element again.
                            let origin = node.origin();
                            let mut comment = Comment::new(text, false);
                            comment.origin = origin;
                            *item = Item::Comment(comment);
                        }
                        None => {
                            self.forget_comments();
                            index += 1;
                        }
                    }
                }
            }
        }
        self.leave();
        Ok(())
    }

    fn node(
        &mut self,
        node: &mut Node,
        matched: bool,
        in_list: bool,
    ) -> Result<Option<SecretBytes>, Trace> {
        match node {
            Node::Map(map) => self.entries(&mut map.entries, matched).map(|()| None),
            Node::List(list) => self.list(list, matched).map(|()| None),
            Node::Scalar(scalar) if matches!(scalar.value(), Value::Null) => Ok(None),
            Node::Scalar(scalar) => {
                let place = Place {
                    context: &self.path,
                    encrypted: self.chooses(matched),
                    in_list,
                };
                Ok(self.visitor.scalar(scalar, place)?)
            }
        }
    }

    fn comment(
        &mut self,
        comment: &mut Comment,
        matched: bool,
        in_list: bool,
    ) -> Result<Option<Scalar>, Trace> {
        // A comment that keeps values in clear stays in clear itself; one that has values
        // encrypted does so as well, unless a comment before it has it encrypted.
        let before = self.chooses(matched);
        self.note_comment(comment.text());
        let encrypted = before && self.chooses(matched);
        let context = if self.path.is_empty() {
            b":".as_slice()
        } else {
            &self.path
        };
        Ok(self.visitor.comment(
            comment,
            Place {
                context,
                encrypted,
                in_list,
            },
        )?)
    }

    fn chooses(&self, matched: bool) -> bool {
        self.selector.encrypts(if self.by_comment {
            self.active > 0
        } else {
            matched
        })
    }

    fn note_comment(&mut self, text: &[u8]) {
        if self.by_comment
            && self.selector.matches_comment(text)
            && let Some(frame) = self.frames.last_mut()
            && !*frame
        {
            *frame = true;
            self.active += 1;
        }
    }

    fn forget_comments(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && std::mem::take(frame)
        {
            self.active -= 1;
        }
    }

    fn enter(&mut self) -> Result<(), Trace> {
        if self.frames.len() >= DEPTH_LIMIT {
            return Err(Fault::TooDeep.into());
        }
        self.frames.push(false);
        Ok(())
    }

    fn leave(&mut self) {
        self.forget_comments();
        self.frames.pop();
    }
}

fn shown(path: &Path, document: usize) -> String {
    let place = if path.0.is_empty() {
        "top level".to_owned()
    } else {
        format!("'{path}'")
    };
    if document == 0 {
        place
    } else {
        format!("document {}, {place}", document + 1)
    }
}
