//! A running plugin: pipes, the message about waiting, and its end.

use std::io::Write as _;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use nixseal_base::env::AGEDEBUG;
use nixseal_base::process;
use zeroize::Zeroizing;

use super::message::{self, Message, MessageReader};
use crate::keyring::Interaction;

/// How long a plugin may be silent before the user is told, as in Go age.
const PATIENCE: Duration = Duration::from_secs(5);

/// A started plugin. Dropping it ends the plugin and waits for it.
pub(super) struct Connection {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<MessageReader<ChildStdout>>,
    name: String,
    interaction: Arc<Interaction>,
}

impl Connection {
    /// Starts `age-plugin-NAME --age-plugin=PROTOCOL`.
    pub(super) fn open(
        name: &str,
        protocol: &str,
        interaction: &Arc<Interaction>,
    ) -> Result<Self, String> {
        let environment = interaction.environment();
        let program = format!("age-plugin-{name}");
        let path = process::find_program(environment, &program)
            .ok_or_else(|| format!("the program '{program}' is not on PATH; install it"))?;
        let debug = environment.text(&AGEDEBUG) == Some("plugin");
        let mut child = process::command(path)
            .arg(format!("--age-plugin={protocol}"))
            // No plugin may come to rely on where it is started.
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if debug {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .spawn()
            .map_err(|error| format!("'{program}' cannot be started: {error}"))?;
        Ok(Self {
            input: child.stdin.take(),
            output: child.stdout.take().map(MessageReader::new),
            child,
            name: name.to_owned(),
            interaction: Arc::clone(interaction),
        })
    }

    pub(super) fn send(&mut self, kind: &str, args: &[&str], body: &[u8]) -> Result<(), String> {
        self.send_text(&message::encode(kind, args, body))
    }

    fn send_text(&mut self, text: &Zeroizing<String>) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("it was not given an input")?;
        let result = input
            .write_all(text.as_bytes())
            .and_then(|()| input.flush());
        result.map_err(|error| format!("it does not read what it is sent: {error}"))
    }

    /// The next message, however long it takes.
    pub(super) fn receive(&mut self) -> Result<Message, String> {
        let _waiting = self.announce_waiting();
        self.output
            .as_mut()
            .ok_or("it was not given an output")?
            .read()
    }

    /// Tells the user after a while, unless the result is dropped before.
    fn announce_waiting(&self) -> Sender<()> {
        let (sender, receiver) = mpsc::channel();
        let interaction = Arc::clone(&self.interaction);
        let text = format!("waiting on {} plugin...", self.name);
        thread::spawn(move || {
            if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                interaction.message(&text);
            }
        });
        sender
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.input = None;
        self.output = None;
        // Closed pipes are not noticed while it waits for a touch.
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        }
        let _ = self.child.wait();
    }
}
