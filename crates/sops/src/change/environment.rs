//! The values of a file as environment variables.

use nixseal_base::secret::SecretBytes;
use nixseal_document::flat;
use nixseal_document::path::{Path, Step};
use nixseal_document::tree::{Map, Node, Value};

/// A variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SecretBytes,
}

/// Why values cannot be put into the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A map or list, in the words of `sops`.
    #[error("cannot use complex value in environment; offending key {0}")]
    Complex(String),
    /// A name with `=`, in the words of `sops`.
    #[error("cannot use keys with '=' in environment: {0}")]
    Equals(String),
    /// A name or value with a zero byte: the system cannot hold it.
    #[error("the environment cannot hold the zero byte in the name or value of '{0}'")]
    Zero(String),
    /// Two values that would have one name.
    #[error("'{one}' and '{two}' would both be the variable '{name}'")]
    Collision {
        /// The variable.
        name: String,
        /// Path of the earlier value.
        one: Path,
        /// Path of the later value.
        two: Path,
    },
}

/// One variable for every key at the top, as `sops exec-env` makes them.
///
/// # Errors
/// Maps, lists, names and values that the environment cannot hold.
pub fn variables(document: &Map) -> Result<Vec<Variable>, EnvironmentError> {
    let mut variables = Vec::new();
    for pair in document.pairs() {
        let Node::Scalar(scalar) = &pair.value else {
            return Err(EnvironmentError::Complex(pair.key.clone()));
        };
        variables.push(variable(pair.key.clone(), scalar.value())?);
    }
    Ok(variables)
}

/// One variable for every value: keys and positions on the way to it are joined by `_`.
///
/// # Errors
/// Values that would share a name, names and values that the environment cannot hold.
pub fn flattened(document: &Map) -> Result<Vec<Variable>, EnvironmentError> {
    let mut leaves = Vec::new();
    for pair in document.pairs() {
        collect(&pair.value, vec![Step::Key(pair.key.clone())], &mut leaves);
    }
    let mut variables = Vec::with_capacity(leaves.len());
    let mut known = std::collections::HashMap::new();
    for (path, value) in leaves {
        let step = |step: &Step| match step {
            Step::Index(index) => index.to_string(),
            Step::Key(key) => key.clone(),
        };
        let name = path.0.iter().map(step).collect::<Vec<_>>().join("_");
        variables.push(variable(name.clone(), value)?);
        if let Some(one) = known.insert(name.clone(), path.clone()) {
            let two = path;
            return Err(EnvironmentError::Collision { name, one, two });
        }
    }
    Ok(variables)
}

fn collect<'a>(node: &'a Node, path: Vec<Step>, into: &mut Vec<(Path, &'a Value)>) {
    let below = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
    match node {
        Node::Scalar(scalar) => into.push((Path(path), scalar.value())),
        Node::List(list) => {
            for (index, node) in list.values().enumerate() {
                collect(node, below(Step::Index(index)), into);
            }
        }
        Node::Map(map) => {
            for pair in map.pairs() {
                collect(&pair.value, below(Step::Key(pair.key.clone())), into);
            }
        }
    }
}

fn variable(name: String, value: &Value) -> Result<Variable, EnvironmentError> {
    if name.contains('=') {
        return Err(EnvironmentError::Equals(name));
    }
    let mut text = flat::text(value);
    if name.contains('\0') || text.contains(&0) {
        return Err(EnvironmentError::Zero(name));
    }
    let value = SecretBytes::new(std::mem::take(&mut *text));
    Ok(Variable { name, value })
}

#[cfg(test)]
mod tests {
    use nixseal_document::{Format, parse};

    use super::*;

    fn document(text: &str) -> Map {
        let mut document = parse(Format::Yaml, text.as_bytes()).unwrap();
        document.branches.remove(0)
    }

    fn shown(variables: Vec<Variable>) -> Vec<String> {
        let line =
            |variable: Variable| format!("{}={}", variable.name, variable.value.as_text().unwrap());
        variables.into_iter().map(line).collect()
    }

    #[test]
    fn values_as_sops_spells_them() {
        let text = "# note\ns: x y\ni: 1\nf: 1.0\nb: true\nn: null\nt: 2024-01-01\n\
                    e: ''\nl: \"a\\nb\"\n";
        let expected = [
            "s=x y",
            "i=1",
            "f=1.0",
            "b=true",
            "n=<nil>",
            "t=2024-01-01T00:00:00Z",
            "e=",
            "l=a\nb",
        ];
        assert_eq!(shown(variables(&document(text)).unwrap()), expected);
    }

    #[test]
    fn what_the_environment_cannot_hold() {
        let error = |text: &str| variables(&document(text)).unwrap_err();
        let name = |name: &str| name.to_owned();
        assert_eq!(error("m: {a: 1}"), EnvironmentError::Complex(name("m")));
        assert_eq!(error("l: []"), EnvironmentError::Complex(name("l")));
        assert_eq!(error("a=b: 1"), EnvironmentError::Equals(name("a=b")));
        assert_eq!(error("z: \"a\\0b\""), EnvironmentError::Zero(name("z")));
    }

    #[test]
    fn nested_values_by_joined_names() {
        let text = "a: 1\nm:\n  b: [x, {c: y}]\n  d: {}\n";
        let expected = ["a=1", "m_b_0=x", "m_b_1_c=y"];
        assert_eq!(shown(flattened(&document(text)).unwrap()), expected);
        let error = flattened(&document("a_b: 1\na: {b: 2}\n")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "'a_b' and 'a.b' would both be the variable 'a_b'"
        );
    }
}
