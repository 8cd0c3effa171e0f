//! Puts secrets into templates, and tells which secrets that are in templates only are needed.

use std::collections::HashSet;

use nixseal_base::secret::SecretBytes;

use super::{Fault, Work};
use crate::digest::Digest;
use crate::plan::{Origin, Plan, Planned};
use crate::template::{Part, Placeholders, render};

/// The texts of all templates, taken apart.
pub(super) struct Texts<'p> {
    all: Vec<Text<'p>>,
}

struct Text<'p> {
    /// Index of the template among all items.
    item: usize,
    text: &'p str,
    parts: Vec<Part<'p>>,
}

impl Text<'_> {
    fn secrets(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| match part {
            Part::Secret(secret) => Some(*secret),
            Part::Text(_) | Part::Unknown(_) => None,
        })
    }

    /// A digest of all that it is made from; nothing while a secret is not known.
    fn input(&self, output: impl Fn(usize) -> Option<Digest>) -> Option<Digest> {
        let text = Digest::of(self.text.as_bytes());
        let outputs: Option<Vec<Digest>> = self.secrets().map(output).collect();
        let outputs = outputs?;
        let all = std::iter::once(&text).chain(&outputs);
        Some(Digest::of_parts(
            all.map(|digest| digest.as_str().as_bytes()),
        ))
    }
}

/// The placeholders of all secrets, with the indices of these among all items.
pub(crate) fn placeholders<'p>(plan: &'p Plan<'_>) -> Placeholders<'p> {
    let secrets = plan.manifest.trees.iter().flat_map(|tree| &tree.secrets);
    let secrets = secrets.enumerate();
    Placeholders::new(
        secrets.filter_map(|(index, secret)| Some((secret.placeholder.as_deref()?, index))),
    )
}

impl<'p> Texts<'p> {
    pub(super) fn of(plan: &'p Plan<'_>) -> Self {
        let placeholders = placeholders(plan);
        let items = plan.items.iter().enumerate();
        let all = items.filter_map(|(item, planned)| match &planned.origin {
            Origin::Template(Ok(text)) => Some(Text {
                item,
                text,
                parts: placeholders.split(text),
            }),
            _ => None,
        });
        Self { all: all.collect() }
    }

    /// Marks secrets that are in templates only, if no template has to be rendered with them.
    pub(super) fn assume(&self, work: &mut [Work<'_, '_>]) {
        let mut needed: HashSet<usize> = HashSet::new();
        for text in &self.all {
            let output = |secret: usize| {
                let secret = work.get(secret)?;
                match secret.planned.template_only {
                    true => secret.known_output().cloned(),
                    false => secret.output(),
                }
            };
            let is_known = text.input(output).is_some_and(|input| {
                work.get(text.item)
                    .is_some_and(|one| one.is_made_from(&input))
            });
            if !is_known {
                needed.extend(text.secrets());
            }
        }
        for (index, one) in work.iter_mut().enumerate() {
            one.unneeded = one.planned.template_only && !needed.contains(&index);
        }
    }

    /// Renders what is not there already.
    pub(super) fn render(&self, plan: &Plan<'_>, work: &mut [Work<'_, '_>]) {
        for one in work.iter_mut() {
            if let Origin::Template(Err(reason)) = &one.planned.origin {
                one.result = Some(Err(Fault::new(reason)));
            }
        }
        for text in &self.all {
            let failure = failure(plan, work, text);
            let input = text.input(|secret| work.get(secret)?.output());
            let is_made =
                |one: &Work<'_, '_>| input.as_ref().is_some_and(|input| one.is_made_from(input));
            let known = work.get(text.item).is_some_and(is_made);
            let result = match failure {
                Some(reason) => Some(Err(Fault::new(reason))),
                None if known => None,
                None => Some(rendered(work, text)),
            };
            if let Some(one) = work.get_mut(text.item).filter(|one| one.result.is_none()) {
                if let Some(input) = input {
                    one.set_input(input);
                }
                one.result = result;
            }
        }
    }
}

/// Why a template cannot be rendered.
fn failure(plan: &Plan<'_>, work: &[Work<'_, '_>], text: &Text<'_>) -> Option<String> {
    text.parts.iter().find_map(|part| match part {
        Part::Text(_) => None,
        Part::Unknown(placeholder) => Some(format!(
            "nothing stands for the placeholder '{placeholder}'"
        )),
        Part::Secret(secret) => match work.get(*secret).and_then(Work::output) {
            Some(_) => None,
            None => {
                let label = plan.items.get(*secret).map(Planned::label);
                let label = label.unwrap_or_default();
                Some(format!("it needs {label}, which failed"))
            }
        },
    })
}

fn rendered(work: &[Work<'_, '_>], text: &Text<'_>) -> Result<SecretBytes, Fault> {
    let value = |secret: usize| work.get(secret)?.content();
    render(&text.parts, value).ok_or_else(|| Fault::new("a secret in it is missing"))
}
