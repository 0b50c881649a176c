"""How soon the page shows a model of BERT-base's shape from its files, and attention of 128 tokens.

    python bench/page.py --rounds 5

Each round starts a server of its own. Bars: first view 500 ms after the address is opened, with a server that has shown
nothing yet; 100 ms from the bytes of a layer's attention to its picture.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from playwright.sync_api import Browser, sync_playwright

from view.conftest import bert_base, chromium

DRAWN = """() => new Promise((done) => {
  const fetched = window.fetch;
  let came = 0;
  window.fetch = async (...given) => {
    const answer = await fetched(...given);
    if (String(given[0]).includes("/attention/")) {
      const whole = answer.arrayBuffer.bind(answer);
      answer.arrayBuffer = async () => { const body = await whole(); came = performance.now(); return body; };
    }
    return answer;
  };
  new MutationObserver(() => {
    if (came && document.querySelector(".large .heat-box")) requestAnimationFrame(() => done(performance.now() - came));
  }).observe(document.body, { childList: true, subtree: true });
})"""


def once(browser: Browser, model: Path) -> tuple[float, float, float]:
    """Milliseconds to the first view, to the same by a server that has shown it, and to a picture of attention."""
    command = [sys.executable, "-m", "torso", "view", str(model), "word1 " * 126, "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http\S+", server.stdout.readline())
        assert found is not None
        times: list[float] = []
        tab = browser.new_page()
        for _ in range(2):
            tab.goto("about:blank")
            tab.goto(found[0])
            tab.wait_for_selector("table.parameters tbody tr")
            times.append(tab.evaluate("performance.now()"))
        tab.wait_for_selector("[aria-busy]", state="detached", timeout=120_000)
        tab.click("#tab-attention")
        tab.wait_for_selector(".large .heat-box", timeout=120_000)
        tab.evaluate(f"() => {{ window.drawn = ({DRAWN})(); }}")
        tab.focus(".thumb[tabindex='0']")
        tab.keyboard.press("ArrowDown")
        drawn = float(tab.evaluate("window.drawn"))
        tab.close()
        return times[0], times[1], drawn
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        model = bert_base(Path(home) / "base")
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        rounds = [once(browser, model) for _ in range(given.rounds)]
        browser.close()
    names = ("first view, ms (bar 500)", "the same again, ms", "attention of 128 tokens drawn, ms (bar 100)")
    for name, values in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"{name:<48} {statistics.median(values):8.0f}")


if __name__ == "__main__":
    main()
