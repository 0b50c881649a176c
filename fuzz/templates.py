"""Hunts for chat templates that exceed their limits of time and memory, or end in an error without a code.

    python fuzz/templates.py --seconds 600

An input is a template in Jinja. Those made at random put together what templates are made of: loops that let a value
grow, and then an operation on it, a filter, a method, a test or an operator, with arguments of every kind and size.
"""

from __future__ import annotations

import random
import sys

from harness import hunt

from torso.text.chat_template import rendered
from torso.text.template_methods import LISTS, TABLES, TEXTS

GROWN = {  # values that were too much once, and others of their kinds
    "bytes": "{{ ('a'.encode()*3000000000)|length }}",
    "to_bytes": "{{ (5).to_bytes(3000000000,'big')|length }}",
    "expandtabs": "{{ ('\\t'*2000000).expandtabs(999)|length }}",
    "keyword": "{{ ('a'*2000000)|replace(old='a',new='b'*1500)|length }}",
    "named width": "{{ ('%(a)2000000000d' % {'a':1})|length }}",
    "text as width": "{{ ('a\\n'*100000)|indent(width='x'*100000)|length }}",
    "sum of lists": "{{ ([[1]*100000]*100000)|sum(start=[])|length }}",
    "date": "{{ strftime_now('%255d'*400000)|length }}",
    "kept": "{% set ns=namespace(x=[]) %}{% set s='a'*1900000 %}{% for i in range(5000) %}{% set ns.x=ns.x+[s~i] %}"
    "{% endfor %}",
    "compared": "{% set ns=namespace(x=['a'],y=['a']) %}{% for i in range(45) %}{% set ns.x=[ns.x,ns.x] %}"
    "{% set ns.y=[ns.y,ns.y] %}{% endfor %}{{ ns.x==ns.y }}",
    "sought": "{% set l=range(100000)|list %}{% set l=l*20 %}{% for i in range(90000) %}{% if 'x' in l %}a{% endif %}"
    "{% endfor %}",
    "numbers": "{% set n=(1).from_bytes('a'.encode()*1900000,'big') %}{% for i in range(1000) %}{% set q=n % (n//3) %}"
    "{% endfor %}",
    "compiled": "{{a}}" * 50_000,
    "searched backwards": "{{ ('a'*1900000).rfind('b'+'a'*900000) }}",
    "stripped": "{{ ('a'*1900000).strip('b'*1900000 + 'a')|length }}",
    "colliding": "{{ range(0, (2**61-1)*100000, 2**61-1)|list|unique|list|length }}",
    "a power of ten": "{{ 1.5|round(precision=10**9) }}",
    "a buffer": "{% set s='a'*1900000 %}{% set b %}{% for i in range(90000) %}{{ s }}{% endfor %}{% endset %}"
    "{{ b|length }}",
    "a long body": "{% for i in range(99999) %}" + "{% if 1 %}a{% endif %}" * 3_000 + "{% endfor %}",
    "a deep stream": "{% set ns=namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x=ns.x|map('string') %}"
    "{% endfor %}",
    "a hashed tuple": "{% set ns=namespace(x=(1,)) %}{% for i in range(45) %}{% set ns.x=(ns.x,ns.x) %}{% endfor %}"
    "{{ {}[ns.x] }}",
    "parts of a format": "{{ ('{0}'*90000).format('a'*90000)|length }}",
}
FILTERS = """
    abs attr batch capitalize center count d default dictsort e escape filesizeformat first float
    forceescape format groupby indent int items join last length list lower map max min random reject
    rejectattr replace reverse round safe select selectattr slice sort string sum title tojson trim
    truncate unique upper urlencode wordcount pprint striptags urlize wordwrap xmlattr
""".split()  # noqa: SIM905 - one a line otherwise
TESTS = """
    boolean callable defined divisibleby(7) eq(v) escaped even false filter float ge(v) gt(v) in(v)
    integer iterable le(v) lower lt(v) mapping ne(v) none number odd sameas(v) sequence string test true
    undefined upper
""".split()  # noqa: SIM905 - one a line otherwise
OPERATORS = "+ - * / // % ** ~ == != < <= > >= in and or".split()  # noqa: SIM905 - words
METHODS = sorted(
    TEXTS | LISTS | TABLES | {"encode", "expandtabs", "translate", "maketrans", "to_bytes", "from_bytes", "format_map"}
)
GROWTHS = (
    "[x,x] x+x x~x (x,x) {'a':x} [x]+[x] x*2 [x,[x]] x|list x|string x|map('string') x[::-1] {x:x} x|items".split()  # noqa: SIM905 - words
)
STARTS = "['a'] 'a' [1] 1 {'a':1} (1,) 'é' '\U0001f600' '\\n' '%s' '{0}' 1.5 '12' range(9) messages".split()  # noqa: SIM905 - words


def make(chance: random.Random) -> bytes:
    """A template."""
    body = "".join(_statement(chance) for _ in range(chance.randint(1, 4)))
    return f"{_grown(chance)}{body}".encode()


def _grown(chance: random.Random) -> str:
    """A value ``v`` that was let grow."""
    number = chance.choice((0, 1, 5, 18, 20, 21, 25, 60, 500, 3_000, 90_000))
    loop = (
        f"{{% for i in range({number}) %}}{{% set x = ns.x %}}{{% set ns.x = {chance.choice(GROWTHS)} %}}{{% endfor %}}"
    )
    return f"{{% set ns = namespace(x={_value(chance)}) %}}{loop}{{% set v = ns.x %}}"


def _statement(chance: random.Random) -> str:
    made = _operation(chance)
    return chance.choice(
        (
            f"{{{{ {made} }}}}",
            f"{{{{ ({made})|length }}}}",
            f"{{% set v = {made} %}}",
            f"{{% for i in range({chance.choice((9, 999, 99_999))}) %}}{{% set q = {made} %}}{{% endfor %}}",
            f"{{% for i in {made} %}}{{{{ i }}}}{{% endfor %}}",
            f"{{% if {made} %}}{{{{ v }}}}{{% endif %}}",
            f"{{% set w %}}{{% for i in range({chance.choice((9, 9_999))}) %}}{{{{ {made} }}}}{{% endfor %}}"
            "{% endset %}",
            f"{{% macro f(v) %}}{{{{ {made} }}}}{{% endmacro %}}{{{{ f(v) ~ f({_value(chance)}) }}}}",
            f"{{% set ns.x = [ns.x, {made}] %}}{{% set v = ns.x %}}",
            f"{{% filter {chance.choice(FILTERS)} %}}{{{{ {made} }}}}{{% endfilter %}}",
        )
    )


def _operation(chance: random.Random) -> str:
    one = chance.choice(("v", "v", "v", _value(chance)))
    match chance.randrange(7):
        case 0 | 1:
            return f"({one})|{chance.choice(FILTERS)}{_arguments(chance)}"
        case 2 | 3:
            return f"({one}).{chance.choice(METHODS)}{_arguments(chance) or '()'}"
        case 4:
            return f"({one}) is {chance.choice(TESTS)}"
        case 5:
            return f"({one}) {chance.choice(OPERATORS)} ({chance.choice(('v', _value(chance)))})"
        case _:
            calls = (
                "dict",
                "dict.fromkeys",
                "range",
                "cycler",
                "joiner",
                "strftime_now",
                "namespace",
                "raise_exception",
            )
            return f"{chance.choice(calls)}{_arguments(chance) or '()'}"


def _arguments(chance: random.Random) -> str:
    number = chance.choice((0, 0, 1, 1, 2, 3))
    if not number:
        return ""
    names = ("width", "old", "new", "attribute", "start", "d", "precision", "indent", "separators", "length", "a")
    parts = [chance.choice(("v", _value(chance), _value(chance), f"'{chance.choice(FILTERS)}'")) for _ in range(number)]
    if chance.random() < 0.3:
        parts[-1] = f"{chance.choice(names)}={parts[-1]}"
    return f"({', '.join(parts)})"


def _value(chance: random.Random) -> str:
    start = chance.choice(STARTS)
    match chance.randrange(8):
        case 0:
            return f"{start}*{chance.choice((3, 1_000, 90_000, 1_900_000, 10**9, 10**30))}"
        case 1:
            return str(chance.choice((-1, 0, 1, 7, 999, 1_001, 99_999, 2**31, 10**12, 10**300)))
        case 2:
            return f"range({chance.choice((9, 1_000, 100_000))})|list"
        case 3:
            return f"range(0, (2**61-1)*{chance.choice((99, 99_999))}, 2**61-1)|list"
        case 4:
            return repr(
                chance.choice(("%(a)999d", "%*d", "%.999f", "{:>999}", "{0!r:{1}}", "%255d" * 99, "a.b.c", "-1"))
            )
        case _:
            return start


def attempt(data: bytes) -> None:
    """Renders a template for a short chat."""
    chat = [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi", "tool_calls": None}]
    rendered(
        data.decode(), chat, tools=None, documents=None, add_generation_prompt=True, variables={"bos_token": "<s>"}
    )


if __name__ == "__main__":
    attempt(b"")  # what is imported once is not charged to each child
    sys.exit(hunt(__doc__ or "", make, attempt, known=[template.encode() for template in GROWN.values()]))
