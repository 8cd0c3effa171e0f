//! The functions and constants that Nix brings along, in one sorted table that
//! costs nothing until a name of it is used.

use std::rc::Rc;

use super::expression::{At, Expr, Kind};
use super::fault::{Fault, Result};
use super::machine::{Machine, ROOT, Thunk};
use super::value::{Attr, Attrs, ThunkId, Value};

mod attributes;
mod control;
mod data;
mod files;
mod lists;
mod numbers;
mod patterns;
mod strings;
mod types;
mod versions;

pub(crate) use files::nixpkgs_stand_in;
pub(crate) use patterns::Patterns;

/// How a builtin is run: with exactly as many arguments as its arity.
type Run = fn(&mut Machine<'_>, &[ThunkId]) -> Result<Value>;

/// A function that Nix brings along.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) arity: usize,
    pub(crate) run: Run,
}

/// The version that `builtins.nixVersion` tells: the newest whose language is
/// covered here.
const NIX_VERSION: &str = "2.28.0";

macro_rules! table {
    ($($name:literal / $arity:literal => $run:expr,)*) => {
        &[$(Builtin { name: $name, arity: $arity, run: $run }),*]
    };
}

/// A builtin that is there, so that files can test for it, and cannot be used.
macro_rules! unsupported {
    ($name:literal) => {
        |_, _| Err(Fault::unsupported(concat!("`builtins.", $name, "`")))
    };
}

/// Sorted by name.
static TABLE: &[Builtin] = table! {
    "abort" / 1 => control::abort,
    "add" / 2 => numbers::add,
    "addDrvOutputDependencies" / 1 => strings::same_text,
    "addErrorContext" / 2 => control::add_error_context,
    "all" / 2 => lists::all,
    "any" / 2 => lists::any,
    "appendContext" / 2 => unsupported!("appendContext"),
    "attrNames" / 1 => attributes::attr_names,
    "attrValues" / 1 => attributes::attr_values,
    "baseNameOf" / 1 => files::base_name_of,
    "bitAnd" / 2 => numbers::bit_and,
    "bitOr" / 2 => numbers::bit_or,
    "bitXor" / 2 => numbers::bit_xor,
    "break" / 1 => control::same,
    "catAttrs" / 2 => attributes::cat_attrs,
    "ceil" / 1 => numbers::ceil,
    "compareVersions" / 2 => versions::compare_versions,
    "concatLists" / 1 => lists::concat_lists,
    "concatMap" / 2 => lists::concat_map,
    "concatStringsSep" / 2 => strings::concat_strings_sep,
    "convertHash" / 1 => unsupported!("convertHash"),
    "deepSeq" / 2 => control::deep_seq,
    "derivation" / 1 => unsupported!("derivation"),
    "derivationStrict" / 1 => unsupported!("derivationStrict"),
    "dirOf" / 1 => files::dir_of,
    "div" / 2 => numbers::div,
    "elem" / 2 => lists::elem,
    "elemAt" / 2 => lists::elem_at,
    "fetchGit" / 1 => unsupported!("fetchGit"),
    "fetchMercurial" / 1 => unsupported!("fetchMercurial"),
    "fetchTarball" / 1 => unsupported!("fetchTarball"),
    "fetchTree" / 1 => unsupported!("fetchTree"),
    "fetchurl" / 1 => unsupported!("fetchurl"),
    "filter" / 2 => lists::filter,
    "filterSource" / 2 => unsupported!("filterSource"),
    "findFile" / 2 => unsupported!("findFile"),
    "flakeRefToString" / 1 => unsupported!("flakeRefToString"),
    "floor" / 1 => numbers::floor,
    "foldl'" / 3 => lists::foldl,
    "fromJSON" / 1 => data::from_json,
    "fromTOML" / 1 => data::from_toml,
    "functionArgs" / 1 => types::function_args,
    "genList" / 2 => lists::gen_list,
    "genericClosure" / 1 => lists::generic_closure,
    "getAttr" / 2 => attributes::get_attr,
    "getContext" / 1 => strings::get_context,
    "getEnv" / 1 => files::get_env,
    "getFlake" / 1 => unsupported!("getFlake"),
    "groupBy" / 2 => lists::group_by,
    "hasAttr" / 2 => attributes::has_attr,
    "hasContext" / 1 => strings::has_context,
    "hashFile" / 2 => data::hash_file,
    "hashString" / 2 => data::hash_string,
    "head" / 1 => lists::head,
    "import" / 1 => files::import,
    "intersectAttrs" / 2 => attributes::intersect_attrs,
    "isAttrs" / 1 => types::is_attrs,
    "isBool" / 1 => types::is_bool,
    "isFloat" / 1 => types::is_float,
    "isFunction" / 1 => types::is_function,
    "isInt" / 1 => types::is_int,
    "isList" / 1 => types::is_list,
    "isNull" / 1 => types::is_null,
    "isPath" / 1 => types::is_path,
    "isString" / 1 => types::is_string,
    "length" / 1 => lists::length,
    "lessThan" / 2 => numbers::less_than,
    "listToAttrs" / 1 => attributes::list_to_attrs,
    "map" / 2 => lists::map,
    "mapAttrs" / 2 => attributes::map_attrs,
    "match" / 2 => patterns::match_pattern,
    "mul" / 2 => numbers::mul,
    "outputOf" / 2 => unsupported!("outputOf"),
    "parseDrvName" / 1 => versions::parse_drv_name,
    "parseFlakeRef" / 1 => unsupported!("parseFlakeRef"),
    "partition" / 2 => lists::partition,
    "path" / 1 => unsupported!("path"),
    "pathExists" / 1 => files::path_exists,
    "placeholder" / 1 => unsupported!("placeholder"),
    "readDir" / 1 => files::read_dir,
    "readFile" / 1 => files::read_file,
    "readFileType" / 1 => files::read_file_type,
    "removeAttrs" / 2 => attributes::remove_attrs,
    "replaceStrings" / 3 => strings::replace_strings,
    "scopedImport" / 2 => files::scoped_import,
    "seq" / 2 => control::seq,
    "sort" / 2 => lists::sort,
    "split" / 2 => patterns::split,
    "splitVersion" / 1 => versions::split_version,
    "storePath" / 1 => unsupported!("storePath"),
    "stringLength" / 1 => strings::string_length,
    "sub" / 2 => numbers::sub,
    "substring" / 3 => strings::substring,
    "tail" / 1 => lists::tail,
    "throw" / 1 => control::throw,
    "toFile" / 2 => unsupported!("toFile"),
    "toJSON" / 1 => data::to_json,
    "toPath" / 1 => files::to_path,
    "toString" / 1 => strings::to_string,
    "toXML" / 1 => unsupported!("toXML"),
    "trace" / 2 => control::trace,
    "traceVerbose" / 2 => control::second,
    "tryEval" / 1 => control::try_eval,
    "typeOf" / 1 => types::type_of,
    "unsafeDiscardOutputDependency" / 1 => strings::same_text,
    "unsafeDiscardStringContext" / 1 => strings::same_text,
    "unsafeGetAttrPos" / 2 => attributes::unsafe_get_attr_pos,
    "warn" / 2 => control::warn,
    "zipAttrsWith" / 2 => attributes::zip_attrs_with,
};

/// Those that need neither `builtins.` nor two underscores.
const GLOBAL: &[&str] = &[
    "abort",
    "baseNameOf",
    "break",
    "derivation",
    "derivationStrict",
    "dirOf",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fetchTree",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
];

/// The value of a name in the outermost scope.
pub(crate) fn global(name: &str) -> Option<Value> {
    match name {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ if GLOBAL.binary_search(&name).is_ok() => find(name).map(Value::Builtin),
        _ => {
            let name = name.strip_prefix("__")?;
            member(name).filter(|_| GLOBAL.binary_search(&name).is_err())
        }
    }
}

/// The value of `builtins.<name>`, but for those that depend on the evaluation.
pub(crate) fn member(name: &str) -> Option<Value> {
    match name {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        "currentSystem" => Some(Value::text(&current_system())),
        "langVersion" => Some(Value::Int(6)),
        "nixVersion" => Some(Value::text(NIX_VERSION)),
        "storeDir" => Some(Value::text("/nix/store")),
        _ => find(name).map(Value::Builtin),
    }
}

fn find(name: &str) -> Option<&'static Builtin> {
    let index = TABLE
        .binary_search_by_key(&name, |builtin| builtin.name)
        .ok()?;
    TABLE.get(index)
}

/// Such as `x86_64-linux`; of the machine that this program was built for.
fn current_system() -> String {
    let kernel = if std::env::consts::OS == "macos" {
        "darwin"
    } else {
        std::env::consts::OS
    };
    format!("{}-{kernel}", std::env::consts::ARCH)
}

impl Machine<'_> {
    /// The set `builtins`.
    pub(crate) fn builtins_set(&mut self) -> Value {
        if let Some(set) = &self.builtins {
            return set.clone();
        }
        let constants = [
            "true",
            "false",
            "null",
            "currentSystem",
            "langVersion",
            "nixVersion",
            "storeDir",
        ];
        let names = TABLE.iter().map(|builtin| builtin.name).chain(constants);
        let mut entries = Vec::with_capacity(TABLE.len() + constants.len() + 2);
        for name in names {
            if let Some(value) = member(name) {
                entries.push(self.attr(name, value));
            }
        }
        let path = self.nix_path_list();
        entries.push(self.attr("nixPath", path));
        let what = Kind::Unsupported("`builtins.currentTime`".to_owned());
        let expression = Rc::new(Expr {
            kind: what,
            at: At::NOWHERE,
        });
        let value = self.allocate(Thunk::Delayed {
            expression,
            env: ROOT,
        });
        let name = self.symbols.intern(b"currentTime");
        entries.push(Attr {
            name,
            value,
            at: At::NOWHERE,
        });
        // `builtins.builtins` is the set itself.
        let own = self.ready(Value::Null);
        let name = self.symbols.intern(b"builtins");
        entries.push(Attr {
            name,
            value: own,
            at: At::NOWHERE,
        });
        let set = Value::Attrs(Rc::new(Attrs::new(entries)));
        self.replace(own, set.clone());
        self.builtins = Some(set.clone());
        set
    }

    /// An attribute that no file defines.
    pub(crate) fn attr(&mut self, name: &str, value: Value) -> Attr {
        let name = self.symbols.intern(name.as_bytes());
        Attr {
            name,
            value: self.ready(value),
            at: At::NOWHERE,
        }
    }

    /// A set that no file defines.
    pub(crate) fn small_set<const N: usize>(&mut self, values: [(&str, Value); N]) -> Value {
        let entries = values.map(|(name, value)| self.attr(name, value));
        Value::Attrs(Rc::new(Attrs::new(entries.into())))
    }

    /// `{ column, file, line }` as `__curPos` and `unsafeGetAttrPos` give it.
    pub(crate) fn position_set(&mut self, at: At) -> Value {
        let Some((source, span)) = self.place(at) else {
            return Value::Null;
        };
        let position = nixseal_base::span::position(&source.text, span.start);
        let number = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let file = self.file_of(at);
        self.small_set([
            ("column", number(position.column)),
            ("file", file),
            ("line", number(position.line)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(TABLE.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(GLOBAL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(GLOBAL.iter().all(|name| find(name).is_some()));
    }
}
