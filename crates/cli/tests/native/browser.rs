//! A real browser, headless Chromium, driven by keys through the WebDriver protocol.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use nixseal_testkit::{Workdir, peers};
use serde_json::{Value, json};

/// The name of an element's handle in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// The enter key and the escape key.
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";

/// One window.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: Workdir,
}

impl Browser {
    /// Starts it with an empty profile.
    pub(crate) fn start() -> Self {
        let profile = Workdir::new();
        let mut command = profile.command(peers::program("chromedriver"));
        command.arg("--port=0").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().expect("start chromedriver");
        let output = driver.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        // It writes on, and must not be stopped by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self {
            driver,
            port: port.expect("the port of chromedriver"),
            session: String::new(),
            _profile: profile,
        };
        let data = browser._profile.join("data");
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1300,900",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", data.display()));
        let options = json!({
            "binary": peers::program("chromium"),
            "args": arguments,
        });
        let wanted = json!({
            "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } }
        });
        let answer = browser.ask("/session", &wanted);
        browser.session = answer["sessionId"].as_str().expect("a session").to_owned();
        browser
    }

    /// Opens a file.
    pub(crate) fn open(&self, path: &Path) {
        self.post(
            "url",
            &json!({ "url": format!("file://{}", path.display()) }),
        );
    }

    /// What a function body gives in the page; promises are waited for.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The texts of all elements that can be seen.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({selector:?})]\
             .filter((one) => one.checkVisibility()).map((one) => one.textContent)"
        );
        let answer = self.run(&script);
        let texts = answer.as_array().expect("a list").iter();
        texts
            .map(|one| one.as_str().expect("a text").to_owned())
            .collect()
    }

    /// Presses keys in an element.
    pub(crate) fn press_in(&self, selector: &str, keys: &str) {
        let found = self.post(
            "element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found[ELEMENT].as_str().expect("an element").to_owned();
        self.post(&format!("element/{id}/value"), &json!({ "text": keys }));
    }

    /// Presses keys wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let presses: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let actions =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": presses }] });
        self.post("actions", &actions);
    }

    /// Makes the page believe in a medium such as `print`, and in features such as a dark scheme.
    pub(crate) fn medium(&self, medium: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let params = json!({ "media": medium, "features": features });
        self.post(
            "goog/cdp/execute",
            &json!({ "cmd": "Emulation.setEmulatedMedia", "params": params }),
        );
    }

    #[track_caller]
    fn post(&self, what: &str, body: &Value) -> Value {
        self.ask(&format!("/session/{}/{what}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("reach chromedriver");
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("ask chromedriver");
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).expect("read its answer");
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        answer.read_exact(&mut text).expect("read its answer");
        let mut answer: Value = serde_json::from_slice(&text).expect("JSON");
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{path}: {value:#}");
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Also after a failure: a browser must not outlive its test.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let end = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            );
            let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
            let _ = stream.write_all(end.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
