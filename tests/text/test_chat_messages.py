"""Messages as templates see them: None, other objects, functions as tools, the last message continued."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazy import LazyName
from torso.errors import InputError, TorsoError, UnknownParameterError
from torso.text import Tokenizer

from .chats import ANSWER, CHATML, CHATS, SYSTEM, TEMPLATES, USER
from .test_tool_schema import defaults, weather
from .vocabularies import KINDS

render_jinja_template = LazyName("transformers.utils.chat_template_utils", "render_jinja_template")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return KINDS["llama"].write(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def ours(folder: Path) -> Tokenizer:
    return Tokenizer.from_folder(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return KINDS["llama"].reference(folder)


def shown(tokenizer: Tokenizer, template: str, chat: list[dict[str, Any]], **options: Any) -> str:
    return tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False, **options)


CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
NOTHING = {"role": "assistant", "content": None, "tool_calls": None, "name": None, "refusal": None}


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{% if m['content'] is none %}<CALL>{{ m.tool_calls[0].function.name }}{% else %}"
        "<TEXT>{{ m['content'] }}{% endif %}{% endfor %}",
        "{% for m in messages %}{{ '<CALL>' if m.content == None else '<TEXT>' }}{% endfor %}",
        "{% for m in messages %}{% set c = m.content %}{{ '<TEXT>' if c is not none else '<CALL>' }}{% endfor %}",
        "{% for m in messages %}{{ '<TEXT>' if m.get('content') is not none else '<CALL>' }}{% endfor %}",
        "{% for m in messages %}<CALL>{{ 'a' + (m.content if m.content is not none else '') }}{% endfor %}",
        "{% macro show(content) %}{{ '<CALL>' if content is none else '<TEXT>' }}{% endmacro %}"
        "{% for m in messages %}{{ show(m.content) }}{% endfor %}",
    ],
)
def test_a_template_that_asks_whether_a_key_is_none_is_given_it(ours: Tokenizer, template: str):
    assert shown(ours, template, [CALL]).startswith("<CALL>")
    # As the author of the template would have it: with every key as it is given.
    assert shown(ours, template, [CALL]) == render_jinja_template([[CALL]], chat_template=template)[0][0]


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ 'tool_calls' in m }}{{ m.tool_calls is defined }}{% endfor %}",
        "{% for m in messages %}{% for k, v in m.items() %}{{ k }}{% endfor %}{{ m|length }}{% endfor %}",
        "{{ messages|tojson }}",
        "{% for m in messages %}{{ m.tool_calls|default('no') }}{{ m.content or 'nothing' }}{% endfor %}",
    ],
)
def test_other_templates_do_not_see_keys_that_are_none(ours: Tokenizer, theirs: Any, template: str):
    for chat in ([USER, NOTHING], [NOTHING], [USER, CALL]):
        assert shown(ours, template, chat) == theirs.apply_chat_template(chat, chat_template=template, tokenize=False)


def test_values_that_are_plain_data_in_other_types(ours: Tokenizer, theirs: Any):
    @dataclasses.dataclass
    class Part:
        type: str
        pair: tuple[int, int]

    class Model:
        def model_dump(self) -> dict[str, Any]:
            return {"role": "user", "content": "dumped"}

    chat: list[Any] = [
        {"role": "user", "content": 10**30, "n": np.int64(3), "b": np.bool_(False), "p": Part("x", (1, 2))},
        {"role": "user", "content": 1.5, "nested": {"a": [None, True, (1, "b")]}},
        Model(),
    ]
    template = "{% for m in messages %}{{ m }}{{ m.b is false }}{{ '%s'|format(m.content) }}{{ m.nested|tojson }}"
    template = template.replace("{{ m.nested|tojson }}", "{{ m.nested|default(0)|tojson }}") + "{% endfor %}"
    assert shown(ours, template, chat) == render_jinja_template([chat], chat_template=template)[0][0]


@pytest.mark.parametrize("number", [10**30, -(10**30), 10**300, 2**63, 1e300, True])
def test_large_numbers_are_shown_as_they_are(ours: Tokenizer, number: float):
    chat = [{"role": "user", "content": number}]
    for template in ("{{ '%s'|format(messages[0].content) }}", "{{ '%s' % messages[0].content }}"):
        assert shown(ours, template, chat) == str(number)
    assert shown(ours, "{{ '{}'.format(messages[0].content) ~ messages[0].content }}", chat) == str(number) * 2


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages|join(', ', attribute='content') }}",
        "{{ messages|map(attribute='content')|join(', ') }}",
        "{{ messages|join(attribute='role') }}",
        "{{ messages|selectattr('role', 'equalto', 'user')|list }}",
        "{{ messages|rejectattr('role', 'equalto', 'user')|map(attribute='content')|list }}",
        "{{ messages|sort(attribute='content')|map(attribute='role')|list }}",
        "{{ messages|groupby('role') }}{% for role, those in messages|groupby('role') %}{{ role }}{% endfor %}",
        "{{ messages|unique(attribute='role')|list|length }}{{ messages|map(attribute='role')|unique|list }}",
        "{{ messages|map(attribute='n')|sum }}{{ messages|sum(attribute='n') }}{{ messages|sum('n', 2) }}",
        "{{ (messages|max(attribute='n')).content }}{{ (messages|min(attribute='n')).content }}",
        "{{ messages|map('length')|list }}{{ messages|map(attribute='x', default='-')|join }}",
        "{{ messages|select|list|length }}{{ (messages|map(attribute='n')|select('odd')|list) }}",
        "{{ messages|batch(2)|list|length }}{{ messages|slice(2)|list|length }}{{ messages[0]|dictsort }}",
        "{{ messages[0]|items|list }}{{ messages|first }}{{ messages|last }}{{ messages|reverse|list }}",
        "{{ messages[::-1][0].content[1:3] }}{{ 1 < 2 < 3 }}{{ 1 < 2 > 3 }}",
        "{{ 'a' ~ 1 ~ none }}{{ (1, 'a') }}{{ {'a': 1} }}",
        "{% filter upper %}{{ messages[0].content }}{% endfilter %}{% set x | lower %}ABC{% endset %}{{ x }}",
        "{% generation %}{% set y = 1 %}{{ y }}{% endgeneration %}{{ y is defined }}",
        "{{ 'a\nb'|indent }}{{ 'a\nb'|indent('> ', true) }}{{ ' a '|trim }}{{ 'aXbX'.split('X') }}{{ 'a'|center(5) }}",
        "{{ '<a>'|e }}{{ ('<'|e) + '<' }}{{ '%(a)s' % {'a': 1} }}{{ '{:>4}|{!r}'.format(1, 'é') }}",
        "{% macro f(x, y=2) %}{{ x }}{{ y }}{% endmacro %}{{ f(1) }}",
        "{% macro g(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call g(3) %}a{% endcall %}",
        "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + loop.index %}{% endfor %}{{ ns.n }}",
        "{% for m in [1, [2, [3]]] recursive %}{{ loop(m) if m is not number else m }}{{ loop.depth }}{% endfor %}",
        "{{ dict(a=1, b=2) }}{{ dict.fromkeys(['a']) }}{{ dict([('a', 1)]) }}{{ range(3)|list }}{{ range(2) }}",
        "{% for m in messages %}{{ loop.cycle('a', 'b') }}{{ loop.changed(m.role) }}{% endfor %}",
        "{% for m in messages %}{{ loop.length }}{{ loop.revindex }}{% endfor %}",
        "{{ 'a,b'.partition(',') }}{{ 'xax'.strip('x') }}{{ 'ab'.replace('a', 'c') }}{{ 'Ab'.title() }}",
        "{{ 'a'.join(['1', '2']) }}",
        "{{ messages|tojson(indent=2) }}{{ messages[0]|tojson(separators=(',', ':'), sort_keys=true) }}",
        "{{ '中'|tojson(ensure_ascii=true) }}",
    ],
)
def test_filters_give_what_they_give_in_transformers(ours: Tokenizer, theirs: Any, template: str):
    chat = [
        {"role": "user", "content": "hi", "n": 3},
        {"role": "assistant", "content": "there", "n": 1},
        {"role": "user", "content": "Again", "n": 2},
    ]
    assert shown(ours, template, chat) == theirs.apply_chat_template(chat, chat_template=template, tokenize=False)


@pytest.mark.parametrize(
    "template",
    [
        *("{{ (range)|unique }}", "{{ range }}", "{{ [dict] }}", "{{ messages|map('upper') }}", "{{ 'a'.upper }}"),
        *("{{ '%s' % namespace }}", "{{ cycler('a') ~ '' }}", "{{ '{}'.format(range) }}", "{{ {'a': joiner}|tojson }}"),
        *("{{ self }}", "{% for m in messages %}{{ loop }}{% endfor %}", "{{ range|string }}", "{{ namespace(a=1) }}"),
    ],
)
def test_nothing_of_the_process_is_shown(ours: Tokenizer, template: str):
    with pytest.raises(InputError) as caught:
        shown(ours, template, [USER])
    assert caught.value.code == "E_CHAT_TEMPLATE"
    assert "0x" not in str(caught.value)


def test_functions_as_tools(ours: Tokenizer, theirs: Any):
    for tools in ([weather], [weather, defaults], [defaults, {"type": "function", "function": {"name": "x"}}]):
        for template in ("{{ tools|tojson }}", TEMPLATES["qwen"]):
            expected = theirs.apply_chat_template([USER], tools=tools, chat_template=template, tokenize=False)
            assert shown(ours, template, [USER], tools=tools) == expected


CONTINUED = [
    [USER, {"role": "assistant", "content": "It is"}],
    [SYSTEM, USER, {"role": "assistant", "content": " It is "}],
    [USER, ANSWER, USER, {"role": "assistant", "content": "I think\n"}],
    [USER, {"role": "assistant", "content": "a <|im_end|> b"}],
]


@pytest.mark.parametrize("name", ["chatml", "llama-2", "phi-3", "glm-4", "gemma"])
def test_the_last_message_continued_as_in_transformers(ours: Tokenizer, theirs: Any, name: str):
    for chat in CONTINUED:
        options: dict[str, Any] = dict(chat_template=TEMPLATES[name], continue_final_message=True)
        try:
            expected = theirs.apply_chat_template(chat, tokenize=False, **options)
        except Exception:
            with pytest.raises(InputError):
                ours.apply_chat_template(chat, tokenize=False, **options)
            continue
        assert ours.apply_chat_template(chat, tokenize=False, **options) == expected
        assert dict(ours.apply_chat_template(chat, **options)) == dict(theirs.apply_chat_template(chat, **options))


def test_other_keys_and_parts_are_continued(ours: Tokenizer, theirs: Any):
    parts = [USER, {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b "}]}]
    thought = [USER, {"role": "assistant", "reasoning_content": "hm", "content": ""}]
    template = "{% for m in messages %}<{{ m.reasoning_content }}>{{ m.content }}|{% endfor %}"
    for chat, key, of in ((parts, True, TEMPLATES["gemma"]), (thought, "reasoning_content", template)):
        options: dict[str, Any] = dict(chat_template=of, continue_final_message=key, tokenize=False)
        assert ours.apply_chat_template(chat, **options) == theirs.apply_chat_template(chat, **options)


@pytest.mark.parametrize(
    ("chat", "options"),
    [
        ([USER, {"role": "assistant", "content": None}], {}),
        ([USER, {"role": "assistant"}], {}),
        ([USER, {"role": "assistant", "content": []}], {}),
        ([USER, ANSWER], {"continue_final_message": "elsewhere"}),
        ([USER, ANSWER], {"chat_template": "{{ messages[0].content }}"}),
        ([USER, ANSWER], {"add_generation_prompt": True}),
    ],
)
def test_what_cannot_be_continued(ours: Tokenizer, theirs: Any, chat: Any, options: dict[str, Any]):
    asked = {"chat_template": CHATML, "continue_final_message": True, "tokenize": False} | options
    with pytest.raises(Exception):  # noqa: B017, PT011 - of transformers
        theirs.apply_chat_template(chat, **asked)
    with pytest.raises(InputError) as caught:
        ours.apply_chat_template(chat, **asked)
    assert caught.value.code in ("E_CHAT", "E_ARGUMENT")


def test_variables_by_keyword(ours: Tokenizer, theirs: Any):
    template = "{{ foo }}{% if custom is defined %}{{ custom.a }}{% endif %}{{ bos_token }}"
    options: dict[str, Any] = dict(foo="x", custom={"a": 1}, bos_token="<b>", chat_template=template, tokenize=False)
    assert ours.apply_chat_template([USER], **options) == theirs.apply_chat_template([USER], **options) == "x1<b>"
    for thinking in (True, False):
        asked: dict[str, Any] = dict(chat_template=TEMPLATES["qwen"], enable_thinking=thinking, tokenize=False)
        for chat in CHATS:
            assert ours.apply_chat_template(chat, **asked) == theirs.apply_chat_template(chat, **asked)


@pytest.mark.parametrize("name", ["return_tensor", "foo", "add_generation_promt", "thinking"])
def test_a_keyword_without_effect_is_refused_by_name(ours: Tokenizer, name: str):
    with pytest.raises(UnknownParameterError, match=name) as caught:
        ours.apply_chat_template([USER], chat_template=CHATML, **{name: True})
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, TorsoError)
