//! The commands of a script other than `exec`.

use std::fs;
use std::os::unix::fs::symlink;

use regex::{Regex, RegexBuilder};

use super::line;
use super::session::{Conversation, Session};

impl Session {
    /// Runs one command; `not` is the mark `!` before it.
    pub(crate) fn builtin(
        &mut self,
        name: &str,
        not: bool,
        arguments: &[&str],
    ) -> Result<(), String> {
        let result = match (name, arguments) {
            ("cmp", ["-no-newline", left, right]) => self.compare(left, right, not, false),
            ("cmp", [left, right]) => self.compare(left, right, not, true),
            ("exists", [_, ..]) => self.exists(not, arguments),
            ("grep", [.., file]) => self.search(not, file, &arguments[..arguments.len() - 1]),
            ("stderr" | "stdout", [_, ..]) => self.search(not, name, arguments),
            ("ttyout", [_, ..]) => self.search(not, "terminal", arguments),
            ("untouched", [file]) => self.untouched(not, file),
            (_, _) if not => Err("it cannot have '!' before it, or lacks arguments".to_owned()),
            ("status", [code]) => self.status(code),
            ("silent", []) => self.silent(),
            ("mode", [file, mode]) => self.mode(file, mode),
            ("chmod", [mode, file]) => self.chmod(mode, file),
            ("cd", [folder]) => self.cd(folder),
            ("cp", [from, to]) => self.copy(from, to),
            ("env", [_, ..]) => self.env(arguments),
            ("expand", [file]) => self.expand(file),
            ("mkdir", [folder]) => done(fs::create_dir_all(self.path(folder)), folder),
            ("mv", [from, to]) => done(fs::rename(self.path(from), self.path(to)), from),
            ("rm", [_, ..]) => self.remove(arguments),
            ("stamp", [file]) => self.stamp(file),
            ("stdin", [file]) => self.raw_content(file).map(|bytes| self.stdin = Some(bytes)),
            ("symlink", [name, "->", target]) => done(symlink(target, self.path(name)), name),
            ("ttyin", ["-all", file]) => self.converse(file, true),
            ("ttyin", [file]) => self.converse(file, false),
            ("unset", [_, ..]) => {
                self.variables
                    .retain(|name, _| !arguments.contains(&name.as_str()));
                Ok(())
            }
            _ => Err("there is no such command with these arguments".to_owned()),
        };
        result.map_err(|problem| format!("{name}: {problem}"))
    }

    /// `cmp A B`: the same bytes; with `UPDATE_GOLDEN`, B becomes A.
    fn compare(&mut self, left: &str, right: &str, not: bool, newline: bool) -> Result<(), String> {
        let actual = self.content(left)?;
        let mut expected = self.content(right)?;
        if !newline && expected.last() == Some(&b'\n') {
            expected.pop();
        }
        if (actual == expected) != not {
            return Ok(());
        }
        if not {
            return Err(format!("'{left}' and '{right}' are the same"));
        }
        let is_output = ["stdout", "stderr", "terminal"].contains(&left);
        if let (true, true, Ok(text)) = (self.update, is_output, std::str::from_utf8(&actual)) {
            let ending = if newline { "" } else { "\n" };
            // A file in a script always ends with a line end.
            let fits = text.is_empty() || text.ends_with('\n') || !newline;
            if fits && self.set_golden(right, &format!("{text}{ending}")) {
                return Ok(());
            }
        }
        Err(format!(
            "'{left}' differs from '{right}'\n{}",
            difference(
                &String::from_utf8_lossy(&expected),
                &String::from_utf8_lossy(&actual)
            )
        ))
    }

    fn exists(&self, not: bool, names: &[&str]) -> Result<(), String> {
        for name in names {
            match (self.path(name).symlink_metadata().is_ok(), not) {
                (false, false) => return Err(format!("'{name}' is not there")),
                (true, true) => return Err(format!("'{name}' is there")),
                _ => {}
            }
        }
        Ok(())
    }

    /// `[-count=N] PATTERN` in a file or an output; `^` and `$` are line ends.
    fn search(&self, not: bool, file: &str, arguments: &[&str]) -> Result<(), String> {
        let (count, pattern) = match arguments {
            [pattern] => (None, pattern),
            [count, pattern] => {
                let count = count
                    .strip_prefix("-count=")
                    .and_then(|count| count.parse::<usize>().ok())
                    .ok_or("expected '-count=NUMBER'")?;
                (Some(count), pattern)
            }
            _ => return Err("expected '[-count=NUMBER] PATTERN'".to_owned()),
        };
        let bytes = self.content(file)?;
        let text = String::from_utf8_lossy(&bytes);
        let found = regex(pattern)?.find_iter(&text).count();
        match count {
            _ if not && count.is_some() => Err("'!' and a count do not go together".to_owned()),
            Some(count) if count != found => {
                Err(format!("'{pattern}' is there {found} times, not {count}"))
            }
            None if not && found > 0 => Err(format!("'{pattern}' is there")),
            None if !not && found == 0 => Err(format!("'{pattern}' is not there")),
            _ => Ok(()),
        }
    }

    fn status(&self, code: &str) -> Result<(), String> {
        let code: i32 = code.parse().map_err(|_| "expected a number")?;
        let status = self.last()?.status;
        if status == code {
            Ok(())
        } else {
            Err(format!("it is {status}, not {code}"))
        }
    }

    /// Nothing on standard output and standard error.
    fn silent(&self) -> Result<(), String> {
        self.search(true, "stdout", &["(?s)."])?;
        self.search(true, "stderr", &["(?s)."])
    }

    fn mode(&self, file: &str, mode: &str) -> Result<(), String> {
        let expected = octal(mode)?;
        let actual = self.folders().mode(self.existing(file)?);
        if actual == expected {
            Ok(())
        } else {
            Err(format!(
                "'{file}' has mode {actual:04o}, not {expected:04o}"
            ))
        }
    }

    fn chmod(&self, mode: &str, file: &str) -> Result<(), String> {
        self.folders().set_mode(self.existing(file)?, octal(mode)?);
        Ok(())
    }

    fn cd(&mut self, folder: &str) -> Result<(), String> {
        let path = self.path(folder);
        if !path.is_dir() {
            return Err(format!("'{folder}' is not a folder"));
        }
        self.current = path;
        Ok(())
    }

    fn copy(&self, from: &str, to: &str) -> Result<(), String> {
        let mut path = self.path(to);
        if path.is_dir() {
            path.push(std::path::Path::new(from).file_name().unwrap_or_default());
        }
        done(fs::write(path, self.raw_content(from)?), to)
    }

    fn env(&mut self, settings: &[&str]) -> Result<(), String> {
        for setting in settings {
            let (name, value) = setting.split_once('=').ok_or("expected 'NAME=VALUE'")?;
            self.variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }

    /// Puts the script's variables into a file.
    fn expand(&self, file: &str) -> Result<(), String> {
        let text = String::from_utf8(self.raw_content(file)?).map_err(|_| "it is not text")?;
        let text = line::expand(&text, |name| self.variable(name))?;
        done(fs::write(self.path(file), text), file)
    }

    fn remove(&self, names: &[&str]) -> Result<(), String> {
        for name in names {
            let path = self.path(name);
            let is_folder = path.symlink_metadata().is_ok_and(|data| data.is_dir());
            let removed = if is_folder {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            done(removed, name)?;
        }
        Ok(())
    }

    /// Notes that a file is as it is now, for `untouched`.
    fn stamp(&mut self, file: &str) -> Result<(), String> {
        let path = self.existing(file)?;
        self.folders().age(&path);
        let stamp = self.folders().stamp(&path);
        self.stamps.insert(path, stamp);
        Ok(())
    }

    fn untouched(&self, not: bool, file: &str) -> Result<(), String> {
        let path = self.existing(file)?;
        let before = self.stamps.get(&path).ok_or("no 'stamp' of it before")?;
        match (*before == self.folders().stamp(&path), not) {
            (false, false) => Err(format!("'{file}' was written")),
            (true, true) => Err(format!("'{file}' was not written")),
            _ => Ok(()),
        }
    }

    fn converse(&mut self, file: &str, all: bool) -> Result<(), String> {
        let steps = String::from_utf8(self.raw_content(file)?).map_err(|_| "it is not text")?;
        self.conversation = Some(Conversation { steps, all });
        Ok(())
    }

    fn existing(&self, file: &str) -> Result<std::path::PathBuf, String> {
        let path = self.path(file);
        match path.try_exists() {
            Ok(true) => Ok(path),
            _ => Err(format!("'{file}' is not there")),
        }
    }
}

fn done(result: std::io::Result<()>, name: &str) -> Result<(), String> {
    result.map_err(|cause| format!("'{name}': {cause}"))
}

fn octal(mode: &str) -> Result<u32, String> {
    u32::from_str_radix(mode, 8).map_err(|_| format!("'{mode}' is no mode such as 0600"))
}

fn regex(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).multi_line(true).build();
    built.map_err(|problem| format!("'{pattern}' is not a regular expression: {problem}"))
}

/// Both texts from the first line that differs, a few lines each.
fn difference(expected: &str, actual: &str) -> String {
    const MOST: usize = 20;
    let (left, right): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = left
        .iter()
        .zip(&right)
        .take_while(|(left, right)| left == right)
        .count();
    let part = |lines: &[&str], mark: char| -> String {
        let lines = lines.iter().skip(same).take(MOST);
        lines.map(|line| format!("{mark} {line}\n")).collect()
    };
    let ends = match (expected.ends_with('\n'), actual.ends_with('\n')) {
        (true, false) => "the actual text does not end with a line end\n",
        (false, true) => "the expected text does not end with a line end\n",
        _ => "",
    };
    format!(
        "from line {}:\n{}{}{ends}",
        same + 1,
        part(&left, '-'),
        part(&right, '+')
    )
}
