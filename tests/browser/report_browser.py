#!/usr/bin/env python3
"""The report page, and the pages about one table, in headless Chromium: nothing on the console, nothing wider than a phone, heads
that sort by mouse and by keyboard, themes that change colours, figures with names.

    report_browser.py FIXTURE LACUNA [SCREENSHOT_FOLDER]

FIXTURE writes a run's folder, LACUNA is the command. Talks to chromedriver in plain HTTP; needs
nothing but Python's own library. Ends with 77 (skipped) when there is no browser."""
import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../experiments/data/penguins.csv")
TABLE_PAGES = [("inspect", ["inspect", "{data}", "-o", "{page}"], 1),
               ("filled", ["impute", "{data}", "-o", "{page}.csv", "--report", "{page}",
                           "--model", "mice", "-m", "19"], 10)]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars"]


class Browser:
    """One session of one chromedriver."""

    def __init__(self, driver, chromium, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([driver, f"--port={self.port}", "--log-level=SEVERE"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = None
        for _ in range(100):
            try:
                if self.call("GET", "/status")["ready"]:
                    break
            except OSError:
                time.sleep(0.1)
        options = {"binary": chromium, "args": FLAGS + [f"--user-data-dir={folder}"]}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                        "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = answer["sessionId"]

    def call(self, verb, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(verb, path, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(value["error"] + ": " + value["message"].splitlines()[0])
        return value

    def post(self, path, body=None):
        return self.call("POST", f"/session/{self.session}{path}", body or {})

    def run(self, script, *arguments):
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def cdp(self, command, **parameters):
        return self.post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, width, height, scheme):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])

    def log(self):
        return self.post("/se/log", {"type": "browser"})

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        finally:
            self.process.terminate()
            self.process.wait()


COLUMN = """
  const t = document.querySelector('#summary table.sortable');
  return Array.from(t.tBodies[0].rows, r => r.cells[arguments[0]].dataset.v ??
                                            r.cells[arguments[0]].textContent.trim());"""
PRESS = """
  const b = document.querySelectorAll('#summary thead button')[arguments[0]];
  if (arguments[1]) { b.focus(); return b === document.activeElement; }
  b.click(); return b.closest('th').getAttribute('aria-sort');"""
WIDER = """
  const wide = document.documentElement.clientWidth;
  document.querySelectorAll('details').forEach(d => d.open = true);
  const out = Array.from(document.querySelectorAll('body *')).filter(e => {
    if (e.closest('.scroll, pre, svg') && !e.matches('.scroll, pre')) return false;
    if (e.matches('.skip')) return false;
    return e.getBoundingClientRect().right > wide + 1;
  }).slice(0, 5).map(e => e.outerHTML.slice(0, 120));
  return [document.documentElement.scrollWidth, wide, out];"""
UNNAMED = """
  const named = (s, id) => { const e = id && s.querySelector('#' + CSS.escape(id));
                             return e && e.textContent.trim().length > 9; };
  const svgs = Array.from(document.querySelectorAll('figure svg'));
  const bad = svgs.filter(s => s.getAttribute('role') !== 'img' ||
    !(s.getAttribute('aria-labelledby') || '').split(' ').every(id => named(s, id)));
  const images = Array.from(document.images);
  return [svgs.length, bad.length, images.length,
          images.filter(i => !i.alt || !i.complete || i.naturalWidth < 2).length];"""
INK = """
  const css = getComputedStyle(document.body);
  const rect = document.querySelector('figure svg rect');
  return [css.backgroundColor, css.color, getComputedStyle(rect).fill];"""
FIRST_TABLE = """
  const t = document.querySelector('table.sortable'), b = t.querySelectorAll('thead button')[2];
  b.click();
  return [b.closest('th').getAttribute('aria-sort'),
          Array.from(t.tBodies[0].rows, r => Number(r.cells[2].dataset.v))];"""
IDS = """
  const seen = {}; document.querySelectorAll('[id]').forEach(e => seen[e.id] = (seen[e.id]||0)+1);
  return Object.keys(seen).filter(k => seen[k] > 1);"""


def check(problems, right, sentence):
    print(("ok    " if right else "WRONG ") + sentence)
    if not right:
        problems.append(sentence)


RANKS = 4  # of the first table: behind three levels of coverage


def check_sorting(browser, problems):
    before = browser.run(COLUMN, RANKS)
    state = browser.run(PRESS, RANKS, False)
    up = [float(v) for v in browser.run(COLUMN, RANKS)]
    check(problems, state == "ascending" and up == sorted(up), f"a click sorts upwards: {up}")
    state = browser.run(PRESS, RANKS, False)
    down = [float(v) for v in browser.run(COLUMN, RANKS)]
    check(problems, state == "descending" and down == sorted(up, reverse=True),
          "a second click sorts downwards")
    check(problems, down != [float(v) for v in before], "the order has changed")
    browser.run(PRESS, 0, True)
    browser.post("/actions", {"actions": [{"type": "key", "id": "k", "actions": [
        {"type": "keyDown", "value": "\ue007"}, {"type": "keyUp", "value": "\ue007"}]}]})
    names = browser.run(COLUMN, 0)
    bare = [n.lstrip("●▲■◆▼○△· ") for n in names]
    check(problems, bare == ["em", "forest <b>", "knn k=1", "knn k=10", "mean", "median", "mice"],
          f"Enter on a head sorts words: {bare}")


def check_looks(browser, problems, url, shots, kind):
    """Wide and on a phone, in both themes."""
    for name, width, height, scheme in (("light", 1360, 1400, "light"),
                                        ("dark", 1360, 1400, "dark"),
                                        ("phone", 390, 844, "light"),
                                        ("phone-dark", 390, 844, "dark")):
        browser.show(width, height, scheme)
        browser.post("/url", {"url": url})
        ink = browser.run(INK)
        check(problems, (ink[0] == "rgb(14, 16, 19)") == (scheme == "dark"),
              f"{kind} {name}: the ground follows the system: {ink[0]}")
        check(problems, (ink[2] == "rgb(20, 23, 28)") == (scheme == "dark"),
              f"{kind} {name}: figures follow the theme: {ink[2]}")
        if shots:
            bottom = browser.run("return document.documentElement.scrollHeight")
            picture = browser.cdp("Page.captureScreenshot", captureBeyondViewport=True,
                                  clip={"x": 0, "y": 0, "width": width, "scale": 1,
                                        "height": min(bottom, 16000)})
            with open(os.path.join(shots, f"{kind}-{name}.png"), "wb") as out:
                out.write(base64.b64decode(picture["data"]))
        full, wide, culprits = browser.run(WIDER)
        check(problems, full <= wide and not culprits,
              f"{kind} {name}: nothing is wider than the page ({full} of {wide}): {culprits}")


def check_table_page(browser, problems, url, shots, kind, figures):
    """A page about one table: the same parts, other sections."""
    browser.run("localStorage.removeItem('lacuna-theme')")  # of the page before
    check_looks(browser, problems, url, shots, kind)
    svgs, bad, _, _ = browser.run(UNNAMED)
    check(problems, svgs >= figures and bad == 0,
          f"{kind}: {svgs} figures, all with title and description")
    doubled = browser.run(IDS)
    check(problems, not doubled, f"{kind}: no id is used twice: {doubled[:5]}")
    order = browser.run(FIRST_TABLE)
    check(problems, order[0] == "ascending" and order[1] == sorted(order[1]),
          f"{kind}: a click sorts: {order}")
    log = [entry for entry in browser.log() if entry["level"] in ("SEVERE", "WARNING")]
    check(problems, not log, f"{kind}: nothing on the console: {log[:3]}")


def check_page(browser, problems, url, shots):
    check_looks(browser, problems, url, shots, "report")
    svgs, bad, images, broken = browser.run(UNNAMED)
    check(problems, svgs > 10 and bad == 0, f"{svgs} figures, all with title and description")
    check(problems, images > 0 and broken == 0, f"{images} images, all with words and pixels")
    doubled = browser.run(IDS)
    check(problems, not doubled, f"no id is used twice: {doubled[:5]}")
    check(problems, browser.run("return document.querySelectorAll('script').length") == 1 and
          browser.run("return document.querySelectorAll('main script, main img[src=x]').length") == 0,
          "names from data are text, not elements")
    browser.show(1360, 1400, "light")
    browser.run("document.querySelector('.theme').click(); document.querySelector('.theme').click()")
    check(problems, browser.run(INK)[0] == "rgb(14, 16, 19)", "the button turns the lights off")
    check_sorting(browser, problems)
    log = [entry for entry in browser.log() if entry["level"] in ("SEVERE", "WARNING")]
    check(problems, not log, f"nothing on the console: {log[:3]}")


def main():
    fixture, lacuna = sys.argv[1], sys.argv[2]
    shots = sys.argv[3] if len(sys.argv) > 3 else None
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not driver or not chromium or not shutil.which("gnuplot"):
        print("skipped: needs chromium, chromedriver and gnuplot on the PATH")
        return SKIPPED
    folder = tempfile.mkdtemp(prefix="lacuna-browser-")
    problems, browser = [], None
    try:
        run = os.path.join(folder, "run")
        page = os.path.join(folder, "report.html")
        subprocess.run([fixture, run], check=True)
        subprocess.run([lacuna, "report", run, "-o", page], check=True)
        browser = Browser(driver, chromium, os.path.join(folder, "profile"))
        if shots:
            os.makedirs(shots, exist_ok=True)
        check_page(browser, problems, "file://" + page, shots)
        for kind, arguments, figures in TABLE_PAGES:
            page = os.path.join(folder, kind + ".html")
            subprocess.run([lacuna, *[a.format(data=DATA, page=page) for a in arguments]],
                           check=True, stdout=subprocess.DEVNULL)
            check_table_page(browser, problems, "file://" + page, shots, kind, figures)
    finally:
        if browser:
            browser.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
