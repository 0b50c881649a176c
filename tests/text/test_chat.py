"""Chats: rendered as the reference renders them, and templates from strangers kept within bounds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lazy import LazyName
from torso.errors import InputError, InputTypeError, LimitError, TokenizerError
from torso.text import Tokenizer
from torso.text.budget import LENGTH

from .chats import CHATML, CHATS, PHI_3, TEMPLATES, TOOLS, USER, WITH_CALLS
from .vocabularies import KINDS

AutoTokenizer = LazyName("transformers", "AutoTokenizer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return KINDS["llama"].write(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def ours(folder: Path) -> Tokenizer:
    return Tokenizer.from_folder(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return KINDS["llama"].reference(folder)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_rendered_as_the_reference_does(ours: Tokenizer, theirs: Any, template: str):
    compared = 0
    for chat in [*CHATS, WITH_CALLS]:
        for tools in (None, TOOLS):
            for prompt in (False, True):
                options: dict[str, Any] = dict(tools=tools, chat_template=template, add_generation_prompt=prompt)
                try:
                    expected = theirs.apply_chat_template(chat, tokenize=False, **options)
                except Exception:
                    with pytest.raises(InputError):
                        ours.apply_chat_template(chat, tokenize=False, **options)
                    continue
                assert ours.apply_chat_template(chat, tokenize=False, **options) == expected
                assert dict(ours.apply_chat_template(chat, **options)) == dict(
                    theirs.apply_chat_template(chat, **options)
                )
                compared += 1
    assert compared >= 20


def test_what_a_call_gives(ours: Tokenizer, theirs: Any):
    options: dict[str, Any] = dict(chat_template=CHATML, add_generation_prompt=True)
    assert ours.apply_chat_template(CHATS[0], return_dict=False, **options) == theirs.apply_chat_template(
        CHATS[0], return_dict=False, **options
    )
    assert ours.apply_chat_template(CHATS, tokenize=False, **options) == theirs.apply_chat_template(
        CHATS, tokenize=False, **options
    )
    cut: dict[str, Any] = dict(truncation=True, max_length=12)
    assert (
        ours.apply_chat_template(CHATS, **cut, **options).input_ids
        == theirs.apply_chat_template(CHATS, **cut, **options)["input_ids"]
    )
    made = ours.apply_chat_template(CHATS[1], return_tensors="np", **options)
    assert made.input_ids.tolist() == [theirs.apply_chat_template(CHATS[1], return_dict=False, **options)]


def test_variables(ours: Tokenizer, theirs: Any):
    template = TEMPLATES["qwen"]
    options: dict[str, Any] = dict(chat_template=template, tokenize=False, add_generation_prompt=True)
    for thinking in (True, False):
        made = ours.apply_chat_template(CHATS[0], enable_thinking=thinking, **options)
        assert made == theirs.apply_chat_template(CHATS[0], enable_thinking=thinking, **options)
    assert "</think>" in made
    shown = ours.apply_chat_template([USER], chat_template="{{ a }}{{ bos_token }}", variables={"a": 1}, tokenize=False)
    assert shown == "1<s>"
    quoted = "{% for d in documents %}{{ d.title }}{% endfor %}"
    assert ours.apply_chat_template([USER], chat_template=quoted, documents=[{"title": "T"}], tokenize=False) == "T"


def same(folder: Path, chat_template: object) -> None:
    ours, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    assert ours.chat_template == theirs.chat_template == chat_template
    for chat in CHATS[:3]:
        expected = theirs.apply_chat_template(chat, tokenize=False, tools=TOOLS)
        assert ours.apply_chat_template(chat, tokenize=False, tools=TOOLS) == expected


def test_where_templates_stand(tmp_path: Path):
    config = tmp_path / "tokenizer_config.json"
    Tokenizer.from_folder(KINDS["llama"].write(tmp_path / "in")).save(tmp_path)
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"chat_template": CHATML}))
    same(tmp_path, CHATML)
    named = [{"name": "default", "template": CHATML}, {"name": "tool_use", "template": PHI_3}]
    config.write_text(json.dumps(settings | {"chat_template": named}))
    same(tmp_path, {"default": CHATML, "tool_use": PHI_3})
    Tokenizer.from_folder(tmp_path).save(tmp_path / "named")
    same(tmp_path / "named", {"default": CHATML, "tool_use": PHI_3})
    (tmp_path / "chat_template.jinja").write_text(PHI_3)
    same(tmp_path, PHI_3)
    Tokenizer.from_folder(tmp_path).save(tmp_path / "file")
    same(tmp_path / "file", PHI_3)
    (tmp_path / "additional_chat_templates").mkdir()
    (tmp_path / "additional_chat_templates" / "tool_use.jinja").write_text(CHATML)
    same(tmp_path, {"default": PHI_3, "tool_use": CHATML})
    assert (
        Tokenizer.from_folder(tmp_path)
        .apply_chat_template(CHATS[0], chat_template="tool_use", tokenize=False)
        .startswith("<|im_start|>")
    )


@pytest.mark.parametrize(
    "template", [[1], [{"name": "x"}], {"../x": "a"}, [{"name": "a/b", "template": ""}], "x" * 300_000]
)
def test_templates_that_cannot_be(tmp_path: Path, template: object):
    folder = KINDS["gpt2"].write(tmp_path, chat_template=template)
    with pytest.raises((TokenizerError, LimitError)):
        Tokenizer.from_folder(folder)


def test_what_is_no_chat(ours: Tokenizer):
    for chat, kind in (([], InputError), (["hello"], InputTypeError), ([1], InputTypeError), ([[]], InputError)):
        with pytest.raises(kind) as caught:
            ours.apply_chat_template(chat, chat_template=CHATML)
        assert caught.value.code == "E_CHAT"
    with pytest.raises(InputError, match="no chat template") as caught:
        ours.apply_chat_template([USER])
    assert caught.value.code == "E_CHAT_TEMPLATE"
    with pytest.raises(InputError, match="Roles must alternate"):
        ours.apply_chat_template([USER, USER], chat_template=TEMPLATES["llama-2"])


SELF = "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
DOUBLED = "{% set ns = namespace(x=START) %}{% for i in range(60) %}{% set ns.x = STEP %}{% endfor %}"
ENDLESS = {
    "loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a recursive loop": "{% for i in range(9) recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "a recursive macro": "{% macro f(n) %}{{ f(n - 1) }}{{ f(n - 1) }}{% endmacro %}{{ f(500) }}",
    "a text doubled by ~": DOUBLED.replace("START", "'ab'").replace("STEP", "ns.x ~ ns.x"),
    "a text doubled by +": DOUBLED.replace("START", "'ab'").replace("STEP", "ns.x + ns.x"),
    "a list doubled": DOUBLED.replace("START", "[1]").replace("STEP", "ns.x + ns.x"),
    "a list of itself, as JSON": DOUBLED.replace("START", "[1]").replace("STEP", "[ns.x, ns.x]")
    + "{{ ns.x | tojson }}",
    "a list of itself, shown": SELF + "{{ ns.x }}",
    "a list of itself, as text": DOUBLED.replace("START", "[1]").replace("STEP", "[ns.x, ns.x]")
    + "{{ ns.x | string }}",
    "a product": "{{ 'a' * 10 ** 9 }}",
    "a product of lists": "{{ [1] * 10 ** 9 }}",
    "a large number": "{{ 9 ** 99999 }}",
    "a width": "{{ 'a'.ljust(10 ** 9) }}",
    "a filter's width": "{{ 'a' | center(10 ** 9) }}",
    "an indent": "{{ 'a' | indent(width=10 ** 9, first=true) }}",
    "a format": "{{ '%1000000000d' % 1 }}",
    "a format by an argument": "{{ '%*d' % (10 ** 9, 1) }}",
    "a format method": "{{ '{:1000000000}'.format(1) }}",
    "replaced": "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}",
    "replaced by the method": "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
    "joined": "{{ (['a' * 99999] * 99) | join('x' * 9999) }}",
    "joined by the method": "{{ ('x' * 99999).join(['a'] * 999) }}",
    "replaced by keyword": "{{ ('a'*2000000)|replace(old='a',new='b'*1500)|length }}",
    "a named width": "{{ ('%(a)2000000000d' % {'a':1})|length }}",
    "a text as width": "{{ ('a\n'*100000)|indent(width='x'*100000)|length }}",
    "a sum of lists": "{{ ([[1]*100000]*100000)|sum(start=[])|length }}",
    "a date": "{{ strftime_now('%255d'*400000)|length }}",
    "texts that are kept": "{% set ns=namespace(x=[]) %}{% set s='a'*1900000 %}{% for i in range(5000) %}"
    "{% set ns.x=ns.x+[s~i] %}{% endfor %}",
    "compared": DOUBLED.replace("START", "['a']").replace("STEP", "[ns.x, ns.x]") + "{{ ns.x == [ns.x, ns.x] }}",
    "a list of itself, in capitals": SELF + "{{ (ns.x|upper)|length }}",
    "a list of itself, formatted": SELF + "{{ ('%s' % (ns.x,))|length }}",
    "sought in vain": "{% set l=range(100000)|list %}{% set l=l*10 %}{% for i in range(90000) %}"
    "{% if 'x' in l %}a{% endif %}{% endfor %}",
    "a long template": "{{a}}" * 50_000,
    "searched from behind": "{{ ('a'*1900000).rfind('b'+'a'*900000) }}",
    "stripped": "{{ ('a'*1900000).strip('b'*1900000 + 'a')|length }}",
    "keys that collide": "{{ range(0, (2**61-1)*100000, 2**61-1)|list|unique|list|length }}",
    "a dict of keys that collide": "{{ dict.fromkeys(range(0, (2**61-1)*100000, 2**61-1))|length }}",
    "a power of ten": "{{ 1.5|round(precision=10**9) }}",
    "a block that is set": "{% set s='a'*1900000 %}{% set b %}{% for i in range(90000) %}{{ s }}{% endfor %}"
    "{% endset %}{{ b|length }}",
    "a long body": "{% for i in range(99999) %}" + "{% if 1 %}a{% endif %}" * 1_000 + "{% endfor %}",
    "streams of streams": "{% set ns=namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x=ns.x|map('string') %}"
    "{% endfor %}",
    "a tuple of itself, as key": DOUBLED.replace("START", "(1,)").replace("STEP", "(ns.x, ns.x)") + "{{ {}[ns.x] }}",
    "a format of many fields": "{{ ('{0}'*90000).format('a'*90000)|length }}",
    "a macro of a long body": "{% macro f() %}" + "{% if 1 %}a{% endif %}" * 1_000 + "{% endmacro %}"
    "{% for i in range(9999) %}{% set x = f() %}{% endfor %}",
    "shown again and again": "{% for i in range(9999) %}{{ 'a' * 9999 }}{% endfor %}",
}


@pytest.mark.parametrize("template", ENDLESS.values(), ids=ENDLESS.keys())
def test_templates_without_end(ours: Tokenizer, template: str):
    begin = time.process_time()
    with pytest.raises(LimitError) as caught:
        ours.apply_chat_template([USER], chat_template=template, tokenize=False)
    assert caught.value.code == "E_LIMIT"
    assert time.process_time() - begin < 5


HOSTILE = {
    "a class": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ cycler.__init__.__globals__ }}",
    "a namespace": "{{ namespace(__class__=1) }}",
    "a namespace later": "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
    "a message changed": "{{ messages.append(1) }}",
    "a file": "{% include '/etc/passwd' %}",
    "a module": "{% import 'os' as os %}",
    "a format": "{{ '{0.__class__.__mro__}'.format(1).x.y }}",
    "an attribute": "{{ (messages | attr('__class__')).x.y }}",
    "syntax": "{% if %}",
    "a name": "{{ nothing.here }}",
    "a type": "{{ 1 + 'a' }}",
    "a division": "{{ 1 // 0 }}",
    "bytes": "{{ ('a'.encode()*3000000000)|length }}",
    "a number as bytes": "{{ (5).to_bytes(3000000000,'big')|length }}",
    "tabs": "{{ 'a'.expandtabs(999) }}",
    "a translation": "{{ 'a'.translate({}) }}",
    "a number's method": "{{ (1).from_bytes('a', 'big') }}",
    "HTML": "{{ 'a'|striptags }}",
    "escaping": "{% autoescape true %}{{ '<' }}{% endautoescape %}",
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_templates_that_reach_for_more(ours: Tokenizer, template: str):
    with pytest.raises(InputError) as caught:
        ours.apply_chat_template([USER], chat_template=template, tokenize=False)
    assert caught.value.code == "E_CHAT_TEMPLATE"


def test_objects_do_not_reach_a_template(ours: Tokenizer):
    class Loud(str):
        def shout(self) -> str:
            return "!"

    chat = [{"role": "user", "content": Loud("a"), "image": object()}]
    template = "{{ 'image' in messages[0] }} {{ messages[0].image is defined }} {{ messages[0].content }}"
    assert ours.apply_chat_template(chat, chat_template=template, tokenize=False) == "True True a"
    for shown in ("messages[0].content.shout()", "messages[0].image", "messages", "messages|tojson", "messages ~ ''"):
        with pytest.raises(InputError) as caught:
            ours.apply_chat_template(chat, chat_template="{{ " + shown + " }}", tokenize=False)
        assert caught.value.code == "E_CHAT_TEMPLATE"
        assert "0x" not in str(caught.value)


def test_long_chats_are_no_trouble(ours: Tokenizer):
    chat = [USER | {"content": "x" * 20_000}] * 50
    assert 1_000_000 < len(ours.apply_chat_template(chat, chat_template=CHATML, tokenize=False)) < LENGTH
