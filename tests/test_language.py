"""Every message has a Chinese form with the same placeholders, and no Chinese form has lost its message."""

from __future__ import annotations

import re

import pytest

from architecture.messages import literals, messages, normal, placeholders
from torso.chinese import texts
from torso.errors import TorsoError
from torso.language import language, say

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_message_has_a_chinese_form() -> None:
    lacking = sorted({f"{each.module}:{each.line}: {each.text}" for each in messages() if each.text not in texts()})
    assert not lacking, f"{len(lacking)} without:\n" + "\n".join(lacking)


def test_both_forms_are_filled_with_the_same_values() -> None:
    for english, chinese in texts().items():
        assert placeholders(english) == placeholders(chinese), english


def test_chinese_forms_are_chinese() -> None:
    without = [english for english, chinese in texts().items() if not HAN.search(chinese) and len(english) > 12]
    assert without == []


def test_no_chinese_form_is_left_over() -> None:
    said_by_click = {"Options", "env var"}
    sources = literals()
    assert [english for english in texts() if normal(english) not in sources and english not in said_by_click] == []


def test_every_placeholder_is_given_a_value() -> None:
    """Where a call writes out its values."""
    checked = [each for each in messages() if each.given is not None]
    assert len(checked) > 50
    for each in checked:
        assert each.placeholders <= each.given, f"{each.module}:{each.line}: {each.text}"


def test_codes_are_of_one_form() -> None:
    codes = {each.code for each in messages() if each.code}
    assert len(codes) > 30
    assert [code for code in codes if not re.fullmatch(r"[EN]_[A-Z0-9_]+", code)] == []


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"TORSO_LANG": "zh"}, "zh"),
        ({"TORSO_LANG": "zh_CN.UTF-8"}, "zh"),
        ({"TORSO_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_environment_at_once(variables, wanted, monkeypatch) -> None:
    for name in ("TORSO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == wanted


def test_an_error_is_told_in_the_language_in_force_when_it_is_shown(monkeypatch) -> None:
    from torso import BertConfig

    with pytest.raises(TorsoError) as caught:
        BertConfig(hiden_size=1)
    english = str(caught.value)
    monkeypatch.setenv("TORSO_LANG", "zh")
    chinese = str(caught.value)
    assert "Did you mean hidden_size?" in english
    assert HAN.search(chinese)
    assert "hidden_size" in chinese
    assert english[-21:] == chinese[-21:] == "[E_UNKNOWN_PARAMETER]"


def test_an_unknown_template_is_said_as_it_is(monkeypatch) -> None:
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert say("no such {thing}", {"thing": 3}) == "no such 3"
    assert say("{braces} stay without values") == "{braces} stay without values"
