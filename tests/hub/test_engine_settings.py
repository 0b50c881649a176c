"""Settings are read at each call, from the ecosystem's own variables, then the saved file, then defaults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from torso.errors import ConfigError, InputError, TorsoError
from torso.hub.remote.servers import Server, servers
from torso.hub.settings import HUB, MIRROR, read_settings
from torso.hub.source import Source
from torso.hub.transfer.auth import token_headers

from .conftest import Machine


def test_home_cache_and_their_order(machine: Machine):
    machine.patch.delenv("HF_HOME")
    assert read_settings().hub_cache == machine.home / ".cache" / "huggingface" / "hub"
    machine.set(XDG_CACHE_HOME=str(machine.home / "xdg"))
    assert read_settings().hub_cache == machine.home / "xdg" / "huggingface" / "hub"
    machine.set(HF_HOME="$HOME/hf")
    assert read_settings().hub_cache == machine.home / "hf" / "hub"
    machine.set(HUGGINGFACE_HUB_CACHE="~/legacy")
    assert read_settings().hub_cache == machine.home / "legacy"
    machine.set(HF_HUB_CACHE="~/new")
    assert read_settings().hub_cache == machine.home / "new"


def test_endpoints_by_precedence(machine: Machine):
    assert read_settings().endpoints == (HUB, MIRROR, "modelscope:")
    machine.set(HF_ENDPOINT="https://one.example/")
    assert read_settings().endpoints == ("https://one.example",)
    machine.set(TORSO_ENDPOINTS="https://two.example/, modelscope:")
    assert read_settings().endpoints == ("https://two.example", "modelscope:")


@pytest.mark.parametrize("value", ["1", "on", "Yes", "TRUE"])
def test_offline(machine: Machine, value: str):
    assert not read_settings().offline
    machine.set(HF_HUB_OFFLINE=value)
    assert read_settings().offline


def test_waiting_times(machine: Machine):
    for name in ("TORSO_READ", "TORSO_CONNECT"):
        machine.patch.delenv(name)
    machine.set(HF_HUB_DOWNLOAD_TIMEOUT="7", HF_HUB_ETAG_TIMEOUT="3")
    assert (read_settings().patience.read, read_settings().patience.connect) == (7, 3)
    machine.set(TORSO_READ="11")
    assert read_settings().patience.read == 11


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e99"])
def test_number_that_is_none(machine: Machine, value: str):
    machine.set(TORSO_READ=value)
    with pytest.raises(ConfigError, match="TORSO_READ"):
        read_settings()


def test_saved_settings(machine: Machine):
    path = machine.home / ".config" / "torso" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"source": "hf-mirror", "trusted": ["https://hub.example/"]}))
    assert read_settings().source == "hf-mirror"
    assert read_settings().trusted == {"https://hub.example"}
    machine.set(TORSO_SOURCE="hf")
    assert read_settings().source == "hf"


@pytest.mark.parametrize("content", ['{"sorce": "hf"}', '{"source": 7}', '{"endpoints": "x"}', "[]", "{", ""])
def test_saved_settings_that_are_wrong(machine: Machine, content: str):
    path = machine.home / "s.json"
    path.write_text(content)
    machine.set(TORSO_SETTINGS=str(path))
    with pytest.raises(TorsoError) as caught:
        read_settings()
    assert caught.value.code in ("E_SETTINGS", "E_EMPTY")


def test_typo_in_a_setting_is_answered_with_the_nearest(machine: Machine):
    path = machine.home / "s.json"
    path.write_text('{"sorce": "hf"}')
    machine.set(TORSO_SETTINGS=str(path))
    with pytest.raises(ConfigError, match="Nearest: source"):
        read_settings()


def test_servers_of_a_source(machine: Machine):
    hub = Source("hub", "a/b")
    assert servers(hub, read_settings())[:2] == [Server(HUB, False), Server(MIRROR, False)]
    machine.set(TORSO_SOURCE="hf-mirror")
    assert servers(hub, read_settings()) == [Server(MIRROR, False)]
    machine.set(TORSO_SOURCE="https://mirror.example/")
    assert servers(hub, read_settings()) == [Server("https://mirror.example", False)]
    machine.set(TORSO_SOURCE="modelscope:http://127.0.0.1:9")
    assert servers(hub, read_settings()) == [Server("http://127.0.0.1:9", True)]
    assert servers(Source("modelscope", "a/b"), read_settings()) == [Server("http://127.0.0.1:9", True)]
    assert servers(Source("hub", "a/b", None, HUB), read_settings()) == [Server(HUB, False)]


@pytest.mark.parametrize("entry", ["hf-miror", "ftp://x", "https://name:password@x", "https://x?y", "model scope"])
def test_source_that_is_none(machine: Machine, entry: str):
    machine.set(TORSO_SOURCE=entry)
    with pytest.raises(InputError, match="E_SOURCE"):
        servers(Source("hub", "a/b"), read_settings())


def test_token_goes_to_the_hub_and_to_trusted_endpoints_only(machine: Machine):
    machine.set(HF_TOKEN="hf_x")
    assert set(token_headers(None, [])) == {"https://huggingface.co:443", "https://hf.co:443"}
    found = token_headers(None, ["https://hub.example", "http://hub.example", "http://127.0.0.1:8000"])
    assert "https://hub.example:443" in found
    assert "http://127.0.0.1:8000" in found
    assert "http://hub.example:80" not in found


def test_where_a_token_comes_from(machine: Machine):
    assert token_headers(None, []) == {}
    saved = machine.home / "hf" / "token"
    saved.parent.mkdir()
    saved.write_text("hf_saved\n")
    assert "hf_saved" in str(token_headers(None, []))
    machine.set(HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
    assert token_headers(None, []) == {}
    assert "hf_saved" in str(token_headers(True, []))
    machine.set(HF_TOKEN="hf_env")
    assert "hf_env" in str(token_headers(True, []))
    assert "hf_given" in str(token_headers("hf_given", []))
    assert token_headers(False, []) == {}


def test_token_that_is_required_and_absent(machine: Machine):
    with pytest.raises(InputError, match="E_NO_TOKEN"):
        token_headers(True, [])


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "ключ", "x" * 5000])
def test_token_that_would_break_a_header(machine: Machine, token: str):
    with pytest.raises(InputError, match="E_BAD_TOKEN") as caught:
        token_headers(token, [])
    assert token not in str(caught.value)


def test_tokens_of_two_hubs_do_not_mix(machine: Machine):
    machine.set(HF_TOKEN="hf_x", MODELSCOPE_API_TOKEN="ms_x", MODELSCOPE_ENDPOINT="http://127.0.0.1:7")
    found = token_headers(None, ["http://127.0.0.1:7"])
    assert found["http://127.0.0.1:7"] == {"cookie": "m_session_id=ms_x"}
    assert "ms_x" not in str(found["https://huggingface.co:443"])
    assert Path.cwd() == machine.home
