//! An origin in words.

use super::{Field, Holder, Origin};
use crate::finding::Place;

impl Origin {
    /// How the value got there, in one sentence.
    pub fn how(&self, place: Place) -> String {
        let built = match &self.deriver {
            Some(deriver) => format!(", built by '{deriver}'"),
            None => String::new(),
        };
        match (place, &self.holder) {
            (Place::Name, _) => "it is part of a name".to_owned(),
            (Place::Target, _) => "it is part of the path that a link points to".to_owned(),
            (_, Holder::Derivation { name, field }) => {
                let part = match field {
                    Some(Field::Variable(variable)) => format!("as its variable '{variable}'"),
                    Some(Field::VariableName) => "in the name of a variable".to_owned(),
                    Some(Field::Argument) => "in an argument of its builder".to_owned(),
                    Some(Field::Builder) => "in the path of its builder".to_owned(),
                    Some(Field::Other) | None => "in it".to_owned(),
                };
                format!("evaluation put it into the derivation '{name}', {part}")
            }
            (_, Holder::Unit { name, setting }) => match setting {
                Some(setting) => format!("the unit '{name}' has it in '{setting}='{built}"),
                None => format!("the unit '{name}' has it{built}"),
            },
            (_, Holder::Text) => {
                "evaluation wrote it into the store as text, as `builtins.toFile` does".to_owned()
            }
            (_, Holder::Source) => "a file or folder with it was copied into the store, as a path \
                                    in a Nix expression does"
                .to_owned(),
            (_, Holder::Built) => format!("it is in something that was built{built}"),
            (_, Holder::Object) => "it is in an object of the store".to_owned(),
            (_, Holder::File) => "it is in a file in clear".to_owned(),
        }
    }

    /// What to do, one sentence each, the cause first.
    pub fn advice(&self) -> Vec<&'static str> {
        let cause = match &self.holder {
            Holder::Unit { .. } => {
                "give the unit the secret's path: `LoadCredential=`, `EnvironmentFile=` or an option \
                 that ends in `File`"
            }
            Holder::Derivation { .. } | Holder::Built => {
                "no build may know it: let the program read the decrypted file when it runs"
            }
            Holder::Text => {
                "do not pass it to `builtins.toFile`, `pkgs.writeText` or an option that holds text; \
                 use a template or the path of the decrypted file"
            }
            Holder::Source => {
                "encrypt the file and refer to the encrypted one; a plaintext file is copied as \
                 soon as an expression names it"
            }
            Holder::Object => "let the program read the decrypted file when it runs",
            Holder::File => "remove it there, or keep the file encrypted",
        };
        let mut advice = vec![cause];
        if self.object.is_some() {
            advice.push(
                "then switch, and take old generations and the object away: \
                 `nix-collect-garbage -d`",
            );
        }
        advice.push("everybody who could read it may know it: give the secret a new value");
        advice
    }

    /// The holder for programs.
    pub fn kind(&self) -> &'static str {
        match self.holder {
            Holder::Derivation { .. } => "derivation",
            Holder::Unit { .. } => "unit",
            Holder::Text => "text",
            Holder::Source => "source",
            Holder::Built => "output",
            Holder::Object => "store",
            Holder::File => "file",
        }
    }
}
