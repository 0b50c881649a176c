"""What people have: addresses as browsers show them, variables with quotes, passwords in Chinese, old folders."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from torso.errors import NotFoundError
from torso.hub.source import Source, parse_source
from torso.loading.load import read_config

from .conftest import NAME, Machine, Rig, get, refused
from .faultd import Proxy, Say
from .httpd import Answer


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("huggingface.co/hfl/rbt3", Source("hub", "hfl/rbt3", None, "https://huggingface.co")),
        ("huggingface.co/hfl/rbt3/tree/main", Source("hub", "hfl/rbt3", "main", "https://huggingface.co")),
        ("www.huggingface.co/bert-base-chinese", Source("hub", "bert-base-chinese", None, "https://huggingface.co")),
        ("HF.co/hfl/rbt3/", Source("hub", "hfl/rbt3", None, "https://huggingface.co")),
        ("hf-mirror.com/hfl/rbt3", Source("hub", "hfl/rbt3", None, "https://hf-mirror.com")),
        ("modelscope.cn/models/a/b", Source("modelscope", "a/b", None, "https://modelscope.cn")),
    ],
)
def test_address_from_the_address_bar(machine: Machine, text: str, wanted: Source):
    assert parse_source(text) == wanted


@pytest.mark.parametrize("text", ["huggingface.co/hfl/rbt3", "hf-mirror.com/x"])
def test_folder_of_that_name_is_a_folder(machine: Machine, text: str):
    (machine.home / text).mkdir(parents=True)
    (machine.home / text / "config.json").write_text("{}")
    assert parse_source(text).kind == "folder"


@pytest.mark.parametrize(
    ("variable", "value", "meant"),
    [
        ("HF_ENDPOINT", "hf-mirror.com", "https://hf-mirror.com"),
        ("HF_ENDPOINT", '"https://hf-mirror.com"', "https://hf-mirror.com"),
        ("HF_ENDPOINT", "'https://mirror.example/hf'", "https://mirror.example/hf"),
        ("HF_ENDPOINT", "“https://mirror.example”", "https://mirror.example"),
        ("HF_ENDPOINT", "localhost:8080", "http://localhost:8080"),
        ("TORSO_ENDPOINTS", "https://huggingface.co,mirror.example", "https://mirror.example"),
        ("TORSO_SOURCE", "hf_mirror", "hf-mirror"),
        ("MODELSCOPE_ENDPOINT", "www.modelscope.cn", "https://www.modelscope.cn"),
    ],
)
def test_variable_that_names_no_source(machine: Machine, variable: str, value: str, meant: str):
    machine.set(**{variable: value})
    name = "modelscope:a/b" if variable == "MODELSCOPE_ENDPOINT" else "a/b"
    if variable == "TORSO_ENDPOINTS":
        machine.set(TORSO_ENDPOINTS="mirror.example")
    with refused("E_SOURCE") as caught:
        get(name)
    assert variable in caught.value.what
    assert ("quotes" in caught.value.what) == (value[0] in "\"'“")
    assert caught.value.cure == f"Set {variable}={meant}"


def test_nothing_near_is_not_named(machine: Machine):
    done = machine.torso("get", "a/b", "--source", "?!")
    assert done.returncode != 0
    assert "Nearest" not in done.stderr


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("u:密码", "u:密码"),
        ("用户:p", "用户:p"),
        ("u:p%40ss%3Aword", "u:p@ss:word"),
        ("u:%E5%AF%86", "u:密"),
        ("DOMAIN%5Cu:é", "DOMAIN\\u:é"),
    ],
)
def test_proxy_with_a_name_and_password(rig: Rig, login: str, words: str):
    """In UTF-8, as browsers and curl send them."""
    with Proxy(rig.hub.url) as proxy:
        rig.hub.plain = True
        where = proxy.url.removeprefix("http://")
        rig.machine.set(HF_ENDPOINT="http://hub.example.test", http_proxy=f"http://{login}@{where}")
        rig.assert_whole(get())
        sent = {exchange.headers["proxy-authorization"] for exchange in proxy.log}
        assert sent == {f"Basic {base64.b64encode(words.encode()).decode()}"}


@pytest.mark.parametrize(("login", "what"), [("u:p@", "refused the name"), ("u@", "refused the name"), ("", "wants a")])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_refuses(rig: Rig, login: str, what: str, scheme: str):
    with Proxy(rig.hub.url) as proxy:
        proxy.plan(Say(Answer(407)), times=100)
        where = proxy.url.removeprefix("http://")
        rig.machine.set(HF_ENDPOINT=f"{scheme}://hub.example.test", **{f"{scheme}_proxy": f"http://{login}{where}"})
        with refused("E_PROXY") as caught:
            get()
        assert what in caught.value.what
        assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://[::1", "http://a b:80", "http://host:99999", "http://u:p@", "socks5://x:1"])
def test_proxy_that_is_none(rig: Rig, proxy: str):
    rig.machine.set(HF_ENDPOINT="http://hub.example.test", http_proxy=proxy)
    with refused("E_PROXY", "E_DNS", "E_CONNECT", "E_BAD_SERVER"):
        get()


@pytest.mark.parametrize(
    "name", ["bert_config.json", "albert_config_tiny.json", "config_rbt3.json", "xlnet_config.json"]
)
def test_config_under_another_name(rig: Rig, name: str):
    folder = rig.machine.home / "folder"
    folder.mkdir()
    for each, data in rig.files.items():
        (folder / each).write_bytes(data)
    (folder / "config.json").rename(folder / name)
    with pytest.raises(NotFoundError) as caught:
        read_config(folder)
    assert caught.value.cure == f"Rename it: {name} to config.json"
    done = rig.machine.torso("check", folder)
    assert done.returncode == 1
    assert f"Rename it: {folder / name} to {folder / 'config.json'}" in done.stdout
    (folder / name).rename(folder / "config.json")
    assert rig.machine.torso("check", folder).returncode == 0


@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"hidden_size": 7}'])
def test_other_files_are_no_config(machine: Machine, content: str):
    (machine.home / "my_config.json").write_text(content)
    with pytest.raises(NotFoundError) as caught:
        read_config(machine.home)
    assert "my_config" not in str(caught.value)


@pytest.mark.parametrize("layout", ["models/acme/four", "hub/models/acme/four", "hub/acme/four", "acme/four"])
def test_every_layout_of_modelscope(rig: Rig, layout: str):
    folder = rig.machine.home / "modelscope" / layout
    shutil.copytree(_folder(rig), folder)
    rig.machine.set(HF_HUB_OFFLINE="1")
    assert get("modelscope:acme/four") == folder
    (listed,) = json.loads(rig.machine.torso("list", "--json").stdout)
    assert (listed["name"], listed["missing"]) == ("modelscope:acme/four", [])


def _folder(rig: Rig) -> Path:
    made = rig.machine.home / NAME.replace("/", "-")
    made.mkdir()
    for each, data in rig.files.items():
        (made / each).write_bytes(data)
    return made
