//! Where the tour plays: a folder, a home, an editor that types by itself.

use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nixseal_base::env;
use nixseal_base::fs::{self, Creation, read, read_text};
use nixseal_base::private_dir::PrivateDir;
use nixseal_base::process;

use super::unexpected;
use crate::context::Context;
use crate::failure::Failure;
use crate::ui::Style;

/// The folder and how its commands are run.
pub(super) struct Stage<'a> {
    context: &'a Context,
    folder: Folder,
    /// What is `/run` on a host: in memory, where there is a folder in memory.
    memory: Option<PrivateDir>,
    pause: bool,
}

/// Removed at the end, unless kept.
struct Folder {
    path: PathBuf,
    kept: std::cell::Cell<bool>,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept.get() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// What a step runs.
enum Work {
    /// This very binary, with these arguments.
    Program(Vec<String>),
    /// A line for the shell.
    Shell(&'static str),
}

/// One command of the tour and what it must do.
pub(super) struct Step {
    explanation: &'static str,
    work: Work,
    typed: Option<&'static str>,
    piped: Option<&'static str>,
    variable: Option<(&'static str, &'static str)>,
    code: i32,
    shows: Vec<String>,
}

impl Step {
    /// A step with the line that explains it.
    pub(super) fn new(explanation: &'static str) -> Self {
        Self {
            explanation,
            work: Work::Program(Vec::new()),
            typed: None,
            piped: None,
            variable: None,
            code: 0,
            shows: Vec::new(),
        }
    }

    /// The arguments after `nixseal`.
    pub(super) fn command(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        self.work = Work::Program(arguments.collect());
        self
    }

    /// A line for the shell instead.
    pub(super) fn shell(mut self, line: &'static str) -> Self {
        self.work = Work::Shell(line);
        self
    }

    /// What is typed into the editor.
    pub(super) fn editor(mut self, text: &'static str) -> Self {
        self.typed = Some(text);
        self
    }

    /// What comes in on standard input.
    pub(super) fn piped(mut self, text: &'static str) -> Self {
        self.piped = Some(text);
        self
    }

    /// A variable of its environment.
    pub(super) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variable = Some((name, value));
        self
    }

    /// The command as a user would type it.
    fn line(&self) -> String {
        let pipe = self.piped.map(|text| format!("printf %s '{text}' | "));
        let variable = self
            .variable
            .map(|(name, value)| format!("{name}={value} "));
        let command = match &self.work {
            Work::Program(arguments) => format!("nixseal {}", arguments.join(" ")),
            Work::Shell(line) => (*line).to_owned(),
        };
        [pipe, variable, Some(command)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// It must end with this code.
    pub(super) fn fails(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Its output must contain this.
    pub(super) fn shows(mut self, text: &str) -> Self {
        self.shows.push(text.to_owned());
        self
    }
}

impl<'a> Stage<'a> {
    /// Makes the folder with all that the commands need.
    pub(super) fn open(
        context: &'a Context,
        pause: bool,
        passphrase: &str,
    ) -> Result<Self, Failure> {
        let mut tag = [0_u8; 8];
        getrandom::fill(&mut tag)?;
        let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = std::env::temp_dir().join(format!("nixseal-tour-{tag}"));
        {
            use std::os::unix::fs::DirBuilderExt as _;
            std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        }
        let folder = Folder {
            path,
            kept: false.into(),
        };
        for name in [
            "home/.ssh",
            "home/.config/age",
            "laptop",
            "server",
            "config/secrets",
            "run",
        ] {
            std::fs::create_dir_all(folder.path.join(name))?;
        }
        let stage = Self {
            context,
            folder,
            memory: PrivateDir::create(&context.environment, &context.program).ok(),
            pause,
        };
        // The tour answers its own questions: the passphrase here is no secret.
        stage.write(
            "../.askpass",
            &format!("#!/bin/sh\necho '{passphrase}'\n"),
            0o700,
        )?;
        let editor = "#!/bin/sh\nprintf '%s' \"$TOUR_TYPES\" > \"$1\"\n";
        stage.write("../.editor", editor, 0o700)?;
        Ok(stage)
    }

    /// Leaves the folder where it is.
    pub(super) fn keep(&self) -> &Path {
        self.folder.kept.set(true);
        &self.folder.path
    }

    /// Prints a heading.
    pub(super) fn chapter(&self, title: &str) {
        self.context
            .ui
            .line(format!("\n{}", self.context.ui.styled(Style::Bold, title)));
    }

    /// Runs a step and shows it.
    pub(super) fn run(&self, step: Step) -> Result<(), Failure> {
        self.output_of(step).map(drop)
    }

    /// Runs a step, shows it, and gives what it printed on standard output.
    pub(super) fn output_of(&self, step: Step) -> Result<String, Failure> {
        let ui = &self.context.ui;
        ui.line(format!("\n  {}", step.explanation));
        ui.line(format!(
            "  {}",
            ui.styled(Style::Good, &format!("$ {}", step.line()))
        ));
        let output = self.output(&step)?;
        let text = printed(&output);
        for line in text.lines() {
            ui.line(format!("    {line}"));
        }
        if step.code != 0 {
            ui.line(ui.styled(Style::Dim, &format!("    (exit code {})", step.code)));
        }
        if output.status.code() != Some(step.code) {
            let what = format!("`{}` ended with {}", step.line(), output.status);
            return Err(unexpected(&what, &text));
        }
        if let Some(missing) = step
            .shows
            .iter()
            .find(|wanted| !text.contains(wanted.as_str()))
        {
            let what = format!("`{}` did not print '{missing}'", step.line());
            return Err(unexpected(&what, &text));
        }
        self.wait()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn output(&self, step: &Step) -> io::Result<Output> {
        let mut child = self.command(step).spawn()?;
        if let (Some(text), Some(mut input)) = (step.piped, child.stdin.take()) {
            input.write_all(text.as_bytes())?;
        }
        child.wait_with_output()
    }

    fn command(&self, step: &Step) -> Command {
        let folder = &self.folder.path;
        let mut command = match &step.work {
            Work::Program(arguments) => {
                let mut command = process::command(&self.context.program);
                command.args(arguments.iter().map(|argument| self.expanded(argument)));
                command
            }
            Work::Shell(line) => {
                let mut command = process::command("sh");
                command.args(["-c", line]);
                command
            }
        };
        for variable in env::ALL
            .iter()
            .filter(|variable| variable.name != env::PATH.name)
        {
            command.env_remove(variable.name);
        }
        command
            .current_dir(folder.join("config"))
            .env(env::HOME.name, folder.join("home"))
            .env(env::EDITOR.name, folder.join(".editor"))
            .env(env::SSH_ASKPASS.name, folder.join(".askpass"))
            .env(env::SSH_ASKPASS_REQUIRE.name, "force")
            .env("TOUR_TYPES", step.typed.unwrap_or_default())
            .envs(
                step.variable
                    .map(|(name, value)| (name, self.expanded(value))),
            )
            .stdin(if step.piped.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.env(env::XDG_RUNTIME_DIR.name, self.runtime());
        command
    }

    /// What a shell makes of `~/`.
    fn expanded(&self, word: &str) -> String {
        let home = self.folder.path.join("home");
        word.replace("~/", &format!("{}/", home.display()))
    }

    /// A file by the name that commands have for it.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path.join("config").join(self.expanded(name))
    }

    fn runtime(&self) -> PathBuf {
        match &self.memory {
            Some(memory) => memory.path().to_owned(),
            None => self.folder.path.join("run"),
        }
    }

    /// Writes secrets.nix with the public halves of `keys` under `names`, and
    /// shows it.
    pub(super) fn write_rules(
        &self,
        keys: &[&str],
        names: &[&str],
        readers: &str,
    ) -> Result<(), Failure> {
        let mut text = String::from("let\n");
        for (key, name) in keys.iter().zip(names) {
            text.push_str(&format!("  {name} = \"{}\";\n", self.public_half(key)?));
        }
        text.push_str(&format!(
            "  allKeys = {readers};\nin\n{{\n  \"secrets/wifi.age\".publicKeys = allKeys;\n}}\n"
        ));
        self.file(
            "secrets.nix names who may read each file; it is safe to publish:",
            "secrets.nix",
            &text,
        )
    }

    /// Writes a file as a user would in an editor, and shows it.
    pub(super) fn file(&self, explanation: &str, name: &str, text: &str) -> Result<(), Failure> {
        self.put(name, text)?;
        let ui = &self.context.ui;
        ui.line(format!("\n  {explanation}"));
        for line in text.lines() {
            ui.line(ui.styled(Style::Dim, &format!("    {}", cut(line))));
        }
        self.wait()
    }

    /// Writes a file and does not show it.
    pub(super) fn put(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.write(name, text, 0o644)
    }

    /// The recipient of a key file: a `.pub` file as it is, an age key file by
    /// its comment.
    pub(super) fn public_half(&self, name: &str) -> Result<String, Failure> {
        let text = read_text(&self.path(name), 64 * 1024)?;
        let line = if name.ends_with(".pub") {
            text.lines().next()
        } else {
            text.lines()
                .find_map(|line| line.strip_prefix("# public key: "))
        };
        line.map(|line| line.trim().to_owned())
            .ok_or_else(|| Failure::new(format!("no public key in '{name}'")))
    }

    /// Checks that a file is encrypted, and says so.
    pub(super) fn shows_age_file(&self, name: &str) -> Result<(), Failure> {
        let content = read(&self.path(name), 64 * 1024)?;
        if !content.starts_with(b"age-encryption.org/v1\n") {
            return Err(Failure::new(format!("'{name}' is not an age file")));
        }
        let size = content.len();
        self.context.ui.line(format!(
            "\n  What lies in the repository is {size} bytes of age file."
        ));
        Ok(())
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), Failure> {
        let creation = Creation {
            mode,
            parents: true,
        };
        let path = self.path(name);
        Ok(fs::replace(&path, text.as_bytes(), creation)?)
    }

    fn wait(&self) -> Result<(), Failure> {
        if self.pause {
            self.context.ui.say("  (enter)");
            io::stdin().lock().read_line(&mut String::new())?;
        }
        Ok(())
    }
}

/// Both streams, messages first.
fn printed(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text
}

/// Keys are long; their beginning is enough here.
fn cut(line: &str) -> String {
    const WIDTH: usize = 76;
    if line.chars().count() <= WIDTH || !line.contains("\"ssh-") && !line.contains("\"age1") {
        return line.to_owned();
    }
    line.chars().take(WIDTH).chain("…\";".chars()).collect()
}
