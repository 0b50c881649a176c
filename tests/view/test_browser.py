"""The page in a real browser: every view, in both languages and schemes, with what a checkpoint may be called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import torso

from .conftest import HOSTILE, TEXT, small

VIEWS = ("model", "text", "attention", "layers", "answer", "try", "models", "server")
QUIET = "[aria-busy]"


class Seen:
    """A tab, and everything that it asked for or said."""

    def __init__(self, context, address, token="token=secret&") -> None:
        self.token = token
        self.tab = context.new_page()
        self.address = address
        self.said: list[str] = []
        self.outside: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", self._request)

    def _request(self, request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.outside.append(request.url)

    def show(self, **state: str) -> None:
        from urllib.parse import urlencode

        fragment = urlencode(state)
        if self.tab.url.startswith(self.address):
            self.tab.evaluate("fragment => { location.hash = fragment; }", fragment)
        else:
            self.tab.goto(f"{self.address}#{self.token}{fragment}")
        self.tab.wait_for_selector(f"#tab-{state.get('view', 'model')}[aria-selected=true]")
        self.settle()

    def settle(self) -> None:
        self.tab.wait_for_selector("#panel .place > *", state="attached")
        self.tab.wait_for_selector(QUIET, state="detached")

    def text(self, selector="#panel") -> str:
        return self.tab.inner_text(selector)


@pytest.fixture
def seen(browser, served):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(60_000)
    found = Seen(context, served)
    yield found
    context.close()
    assert found.outside == []
    assert found.said == []


def axe(tab) -> list[str]:
    import axe_playwright_python

    if not tab.evaluate("typeof axe !== 'undefined'"):
        tab.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}" for each in found["violations"]]


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 1280), ("zh", "dark", 1280), ("zh", "light", 320), ("en", "dark", 320)],
)
def test_every_view_is_whole_and_accessible(seen, language, scheme, width) -> None:
    seen.tab.set_viewport_size({"width": width, "height": 800})
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        model = "writer" if view == "try" else "torso:sentiment"
        seen.show(view=view, model=model, lang=language, scheme=scheme)
        assert not seen.tab.query_selector(".failure"), view
        assert bool(re.search(r"[\u4e00-\u9fff]", seen.text(".tabs"))) == (language == "zh")
        assert seen.tab.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= width, view
        if problems := axe(seen.tab):
            found[view] = problems
    assert found == {}


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "dark", 1280), ("zh", "light", 320)])
def test_every_view_in_the_server_is_whole_and_accessible(browser, server, language, scheme, width) -> None:
    keys = {"username": "anyone", "password": "secret"}
    context = browser.new_context(viewport={"width": width, "height": 800}, http_credentials=keys, locale="en-GB")
    context.set_default_timeout(60_000)
    seen, found = Seen(context, server, token=""), {}
    for view in VIEWS:
        model = "writer" if view == "try" else "torso:sentiment"
        seen.show(view=view, model=model, lang=language, scheme=scheme, text=TEXT)
        assert not seen.tab.query_selector(".failure"), view
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= width, view
        if problems := axe(seen.tab):
            found[view] = problems
    assert found == {}
    assert re.search(r"[45]\d\d MB|\d\.\d GB", seen.text()), "memory against its bound"
    seen.show(view="models", model="torso:sentiment", lang="en")
    assert "Models of this server" in seen.text()
    assert "--page-admin" not in seen.text()
    seen.show(view="try", model="writer", lang="en")
    seen.tab.fill("textarea", "hello")
    seen.tab.fill("input[type=number] >> nth=0", "5")
    seen.tab.click("button:has-text('Send')")
    seen.tab.wait_for_selector(".turn.model .quiet")
    assert f"curl {server}v1/chat/completions" in seen.text()
    assert seen.outside == []
    assert [each for each in seen.said if "401" not in each] == []  # what is said before the key is asked for
    context.close()


def test_without_a_key_the_browser_asks_for_one(browser, server) -> None:
    from playwright.sync_api import Error

    tab = browser.new_page()
    with pytest.raises(Error, match="INVALID_AUTH_CREDENTIALS"):  # nobody is there to be asked
        tab.goto(server)
    tab.close()


def test_two_models_beside_each_other(seen) -> None:
    for view in ("model", "text", "attention"):
        seen.show(view=view, model="torso:sentiment", compare="torso:tagger", text=TEXT)
        assert len(seen.tab.query_selector_all(".pair > .one")) == 2
        assert not seen.tab.query_selector(".failure"), view
    assert axe(seen.tab) == []
    seen.show(view="text", model="torso:sentiment", compare="writer", text="hello")
    assert seen.tab.query_selector(".token.differs")


def test_numbers_on_the_page_are_the_library_s(seen) -> None:
    seen.show(view="attention", model="torso:sentiment", text=TEXT, layer="1", head="2", form="table")
    look = torso.look("torso:sentiment", TEXT)
    weights = look.attention(1)[2]
    rows = seen.tab.eval_on_selector_all(
        ".large tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert [row[0] for row in rows] == [token.token for token in look.tokens]
    for row, wanted in zip(rows, weights.tolist(), strict=True):
        # Sent as bytes: a share of the row's largest, to half of 1/255.
        assert [float(each) for each in row[1:]] == pytest.approx(wanted, abs=max(wanted) / 510 + 6e-4)
    summary = look.head_summary()
    shown = seen.text(".summaries")
    assert f"rests on special {float(summary.special[1, 2]) * 100:.0f} %" in shown
    assert f"entropy {float(summary.entropy[1, 2]):.2f}" in shown
    seen.show(view="layers", model="torso:sentiment", text=TEXT)
    seen.tab.click("details > summary")
    seen.tab.wait_for_selector("details tbody tr")
    rows = seen.tab.eval_on_selector_all(
        "details tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    norms = look.layer_rows().norms
    assert [float(row[1]) for row in rows] == pytest.approx(norms[0].tolist(), abs=6e-4)
    assert f"{look.layer_rows().shares[0] * 100:.1f} %" in seen.tab.text_content(".projection")
    seen.show(view="answer", model="torso:sentiment", text=TEXT)
    label = torso.classify(TEXT)
    assert f"{label.scores[label.label]:.4f}" in seen.text()
    seen.show(view="model", model="torso:sentiment")
    names = seen.tab.eval_on_selector_all("table.parameters tbody th", "cells => cells.map(cell => cell.textContent)")
    assert names == [row.name for row in torso.AutoConfig.from_pretrained("torso:sentiment").describe()]
    seen.show(view="text", model="torso:sentiment", text="𝄞弱 小")
    assert [
        each.strip() for each in seen.tab.eval_on_selector_all(".token", "parts => parts.map(part => part.textContent)")
    ] == ["𝄞", "弱", "小"]


def test_names_from_a_checkpoint_are_shown_as_text(seen) -> None:
    for view in ("model", "text", "attention", "layers", "answer"):
        seen.show(view=view, model=HOSTILE, text="<b>hello</b> <img src=x onerror=alert(1)>\u202e弱小")
        assert not seen.tab.query_selector(".failure"), view
        assert not seen.tab.query_selector("torso-app img, #panel b > *"), view
        assert seen.tab.title() != "taken"
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= 1280, view
        assert "\u202e" not in seen.text(), view
    assert "<img src=x" in seen.text()
    assert len(seen.text()) < 9000  # a label of 10,000 characters is cut


def test_the_whole_tour_by_keyboard(seen) -> None:
    seen.show(view="model", model="torso:sentiment", text=TEXT)
    tab = seen.tab
    tab.focus("#tab-model")
    for view in VIEWS[1:]:
        tab.keyboard.press("ArrowRight")
        tab.wait_for_selector(f"#tab-{view}[aria-selected=true]:focus")
    tab.keyboard.press("Home")
    tab.wait_for_selector("#tab-model[aria-selected=true]:focus")
    tab.keyboard.press("3")
    tab.wait_for_selector("#tab-attention[aria-selected=true]:focus")
    seen.settle()
    tab.wait_for_selector(".thumb[tabindex='0']")
    for _ in range(12):  # past the text, the second text and the button
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.classList.contains('thumb')"):
            break
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Layer 1, head 1.")
    tab.wait_for_selector(".large .heat-box")
    assert "layer=1" in tab.url
    tab.focus(".large .heat-box")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    assert re.fullmatch(r"弱 attends to 弱, \d\.\d{3}", tab.text_content("#live"))
    tab.focus("#text")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("天气很好")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".large .heat-box")
    seen.settle()
    assert "6 tokens" in seen.text()


def test_a_parameter_is_changed_on_trial(seen) -> None:
    seen.show(view="model", model="torso:sentiment", text=TEXT)
    field = seen.tab.locator("table.parameters tr", has_text="hidden_act").locator("input")
    field.fill('"relu"')
    field.press("Tab")
    seen.tab.wait_for_selector(".effect table")
    assert "The weights can follow." in seen.text(".effect")
    assert "changes={'hidden_act': 'relu'}" in seen.text(".effect")
    seen.tab.click(".effect button:has-text('Run the text')")
    seen.tab.wait_for_selector("#tab-answer[aria-selected=true]")
    seen.settle()
    assert "hidden_act" in seen.text("form.text .note")
    seen.show(view="model", model="torso:sentiment")
    field = seen.tab.locator("table.parameters tr", has_text="hidden_size").locator("input")
    field.fill("7")
    field.press("Tab")
    seen.tab.wait_for_selector(".effect .failure")
    assert re.search(r"hidden_size", seen.text(".effect"))
    (refused,) = seen.said  # what the browser itself says of an answer that is an error
    assert "400" in refused
    seen.said.clear()


def test_a_text_is_written_and_its_probabilities_shown(seen) -> None:
    seen.show(view="try", model="writer")
    seen.tab.fill("textarea", "hello")
    seen.tab.fill("input[type=number] >> nth=0", "5")
    seen.tab.click("button:has-text('Send')")
    seen.tab.wait_for_selector(".turn.model .quiet")
    wanted = list(torso.chat_stream("hello", model=seen_model(seen), max_new_tokens=5, do_sample=False))
    pieces = seen.tab.eval_on_selector_all(".piece > span", "parts => parts.map(part => part.textContent)")
    assert pieces == [piece.text for piece in wanted]
    seen.tab.check("text=show probabilities")
    assert axe(seen.tab) == []


def seen_model(seen) -> str:
    """The folder of the model that writes, as the page names it."""
    answer = seen.tab.evaluate(
        "fetch('view/api/config?model=writer', {headers: {'x-torso-token': 'secret'}}).then(a => a.json())"
    )
    return answer["folder"]


def test_the_first_view_is_made_of_headers(seen) -> None:
    """Of a file of 435 MB that is a hole."""
    seen.show(view="model", model="base")
    assert "108,891,648 weights" in seen.text()


def test_the_page_without_its_token_says_how_to_open_it(browser, served) -> None:
    tab = browser.new_page()
    tab.goto(served)
    tab.wait_for_selector(".failure")
    assert "torso view" in tab.inner_text("main")
    tab.close()


def test_a_saved_look_is_shown_from_disk(browser, tmp_path) -> None:
    folder = small.save(tmp_path / "m", small.torso.architecture.Task.SEQUENCE_CLASSIFICATION, labels=[HOSTILE, "b"])
    path = torso.look(folder, "弱<b>小").save(tmp_path / "look.html")
    context = browser.new_context(offline=True, locale="zh-CN")
    seen = Seen(context, path.as_uri())
    seen.tab.goto(path.as_uri())
    for index in range(4):
        seen.tab.click(f".tabs button >> nth={index}")
        seen.tab.wait_for_selector(f".tabs button:nth-child({index + 1})[aria-current=page]")
        seen.settle()
        assert not seen.tab.query_selector(".failure")
        assert axe(seen.tab) == []
    assert "<img src=x" in seen.text()
    assert (seen.outside, seen.said) == ([], [])
    context.close()
