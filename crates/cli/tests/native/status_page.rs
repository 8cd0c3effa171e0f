//! The page of status in a real browser.

use std::net::TcpListener;

use nixseal_testkit::workdir::succeed;

use crate::browser::{Browser, ENTER, ESCAPE};
use crate::status::History;

const VALUE: &str = "xyzzy-planted-value";
/// A name that wants to be markup.
const EVIL: &str = "<img src=x onerror=alert(1)>&\"'.age";

/// A repository that bob has left, with names that want to be markup, and its page.
fn written() -> (History, String) {
    let history = History::new();
    let (alice, bob) = (&history.alice, &history.bob);
    let evil = EVIL.replace('"', "\\\"");
    let rules = |readers: &'static [&'static str]| -> Vec<(&str, &[&str])> {
        vec![
            ("wifi.age", readers),
            ("db.age", readers),
            (evil.as_str(), readers),
            ("none.age", readers),
        ]
    };
    history.rules(&rules(&["alice", "bob"]), &["alice", "bob"]);
    for name in ["db.age", EVIL] {
        history.seal(name, &[alice, bob], VALUE);
    }
    history.sops("sops/a.yaml", &format!("pw: {VALUE}\n\"</td>\": {VALUE}\n"));
    history.commit("2024-01-01");
    history.rules(&rules(&["alice"]), &["alice", "carol"]);
    for name in ["wifi.age", "db.age", EVIL] {
        history.seal(name, &[alice], "another one, and longer");
    }
    history.commit("2025-01-01");
    history.seal("orphan.age", &[alice], VALUE);
    succeed(&mut history.nixseal(&["status", "--html", "page.html"]));
    let page = history.work.read_text("page.html");
    (history, page)
}

#[test]
fn the_page_holds_no_values_and_asks_nobody() {
    let (history, page) = written();
    assert!(!page.contains(VALUE));
    assert!(!page.contains("ENC["));
    assert!(
        !page.contains(EVIL) && page.contains("&lt;img src=x"),
        "names are escaped"
    );
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let page = page.replace("&lt;img src=x", "");
        assert!(!page.contains(outside), "{outside}");
    }
    let printed = succeed(&mut history.nixseal(&["status", "--html", "-"]));
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let body = |page: &str| page.split_once("<main>").map(|(_, body)| body.to_owned());
    assert_eq!(body(&printed), body(&page));
}

#[test]
fn filter_and_sort_work_by_keyboard_in_a_real_browser() {
    let (history, _) = written();
    let browser = Browser::start();
    browser.open(&history.work.join("page.html"));
    // That the script and the style took effect shows that the policy names these very texts.
    assert_eq!(
        browser.run("return document.documentElement.dataset.ready"),
        "yes"
    );
    let bar = "return getComputedStyle(document.querySelector('.bar')).position";
    assert_eq!(browser.run(bar), "sticky");
    let files = || browser.texts("#all-files tr th");
    let all = [EVIL, "db.age", "none.age", "wifi.age", "sops/a.yaml"];
    assert_eq!(files(), all);
    assert_eq!(browser.texts("#count"), ["5 files"]);
    assert_eq!(browser.texts("img").len(), 0);

    filter(&browser, &files, &all);
    sort(&browser, &files);

    // What bob knows still, and what nobody uses.
    let once = browser.texts("details summary");
    assert_eq!(once, ["bob could once open 2 files more"]);
    browser.press_in("details summary", ENTER);
    let rows = browser.texts("details tbody tr");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows.iter()
            .any(|row| row.contains("db.age") && row.contains("changed since"))
    );
    // The SOPS file was not brought in line: bob reads it still, against its rule.
    assert_eq!(browser.texts("#all-access .left").len(), 1);
    let values = browser.texts("#all-ages tr").concat();
    assert!(values.contains("</td>"), "{values}");
    let unused = browser.texts("#all-unused tr").concat();
    assert!(
        unused.contains("orphan.age") && unused.contains("none.age"),
        "{unused}"
    );
}

/// A slash leads to the filter, words narrow every table, escape clears it.
fn filter(browser: &Browser, files: &dyn Fn() -> Vec<String>, all: &[&str]) {
    browser.press("/");
    assert_eq!(browser.run("return document.activeElement.id"), "filter");
    browser.press("AGE wi");
    assert_eq!(files(), ["wifi.age"]);
    assert_eq!(browser.texts("#count"), ["1 of 5 files"]);
    assert_eq!(browser.texts("#all-access tr th"), ["wifi.age"]);
    assert!(
        browser
            .texts("#all-ages tr")
            .iter()
            .all(|row| row.contains("wifi.age"))
    );
    browser.press("zzz");
    assert_eq!(files().len(), 0);
    assert!(browser.texts("#files .none") == ["nothing fits the filter"]);
    browser.press(ESCAPE);
    assert_eq!(files(), all);
    // Whoever reads a file is found by name.
    browser.press_in("#filter", "carol");
    assert_eq!(browser.texts("#all-access tr th"), ["sops/a.yaml"]);
    browser.press(ESCAPE);
}

/// The head of a column is a button; pressed again it turns the order.
fn sort(browser: &Browser, files: &dyn Fn() -> Vec<String>) {
    let column = "#files thead th:nth-child(4)";
    let sorted = |direction: &str| {
        let script = format!("return document.querySelector('{column}').getAttribute('aria-sort')");
        assert_eq!(browser.run(&script), direction);
        let script = "return [...document.querySelectorAll('#all-files td:nth-child(4)')].map((one) => Number(one.dataset.value))";
        let days: Vec<i64> = serde_json::from_value(browser.run(script)).expect("numbers");
        assert_eq!(days.len(), 5);
        days
    };
    browser.press_in(&format!("{column} button"), ENTER);
    let days = sorted("ascending");
    assert!(
        days.is_sorted() && days[0] == -1 && days[1] < days[4],
        "{days:?}"
    );
    browser.press(ENTER);
    let turned = sorted("descending");
    assert!(turned.iter().rev().is_sorted(), "{turned:?}");
    assert_eq!(files()[0], "sops/a.yaml");
    browser.press_in("#files thead th:first-child button", ENTER);
    let mut names = files();
    assert_eq!(names.remove(0), EVIL);
    assert_eq!(names, ["db.age", "none.age", "sops/a.yaml", "wifi.age"]);
}

#[test]
fn the_page_can_reach_no_network_and_follows_the_medium() {
    let (history, _) = written();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let browser = Browser::start();
    browser.open(&history.work.join("page.html"));
    let script = format!(
        "const refused = []; document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
         const image = new Image(); image.src = 'http://{address}/image'; document.body.append(image);
         const script = document.createElement('script'); script.textContent = 'window.ran = 1'; document.body.append(script);
         return fetch('http://{address}/fetch').catch(() => 0).then(() => new Promise((done) => setTimeout(done, 300)))
           .then(() => [...refused.sort(), String(window.ran)])"
    );
    let refused = browser.run(&script);
    let expected = ["connect-src", "img-src", "script-src-elem", "undefined"];
    assert_eq!(refused, serde_json::json!(expected));
    assert!(listener.accept().is_err(), "nobody was asked");

    let ground = "return getComputedStyle(document.body).backgroundColor";
    browser.medium("screen", "light");
    let light = browser.run(ground);
    browser.medium("screen", "dark");
    assert_ne!(browser.run(ground), light);
    let bar = "return getComputedStyle(document.querySelector('.bar')).display";
    assert_eq!(browser.run(bar), "block");
    browser.medium("print", "light");
    assert_eq!(browser.run(bar), "none");
}
