"""Memory: what requests may take is fitted to what there is, held to, and refused beyond it."""

from __future__ import annotations

import json
import os
import resource
import threading
from pathlib import Path

import pytest

from serve.conftest import Process, serving
from serve.test_faults import _metric, serves
from torso.errors import LimitError
from torso.serve import application
from torso.serve.memory_limit import bound, fitted, memory_left
from torso.serve.serve_settings import ServeSettings

httpx = pytest.importorskip("httpx")

LINUX = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux tells it")
MB = 1 << 20


def machine(root: Path, *, groups: str, limits: dict[str, int | str], space: str = "unlimited") -> Path:
    """Files of a machine of 8 GB, on which this process has 100 MB of memory and 400 of address space."""
    page = os.sysconf("SC_PAGE_SIZE")
    own = root / "proc/self"
    own.mkdir(parents=True)
    (own / "statm").write_text(f"{400 * MB // page} {100 * MB // page} 1 1 0 1 0\n")
    (own / "limits").write_text(f"Limit  Soft Limit  Hard Limit  Units\nMax address space  {space}  {space}  bytes\n")
    (own / "cgroup").write_text(groups)
    (root / "proc/meminfo").write_text(f"MemTotal:  {8 << 20} kB\nMemFree: 1 kB\n")
    for name, value in limits.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return root


@LINUX
@pytest.mark.parametrize(
    ("groups", "limits", "space", "left"),
    [
        ("", {}, "unlimited", 8192 - 100),
        ("", {}, str(1000 * MB), 600 - 128),
        ("0::/\n", {"memory.max": 512 * MB, "memory.current": 100 * MB}, "unlimited", 412),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/b/memory.current": 5, "memory.max": "max"}, "unlimited", 8092),
        (
            "0::/a/b\n",
            {
                "a/b/memory.max": 900 * MB,
                "a/b/memory.current": 100 * MB,
                "a/memory.max": 600 * MB,
                "a/memory.current": 90 * MB,
            },
            "unlimited",
            510,
        ),
        (
            "4:memory:/docker/x\n3:cpu:/\n",
            {"memory/memory.limit_in_bytes": 512 * MB, "memory/memory.usage_in_bytes": 600 * MB},
            "unlimited",
            0,
        ),
    ],
    ids=["machine", "address space", "container", "no limit", "group above", "version 1, exceeded"],
)
def test_the_least_limit_counts(tmp_path, groups, limits, space, left) -> None:
    found = memory_left(machine(tmp_path, groups=groups, limits=limits, space=space))
    assert found == left * MB


def test_where_nothing_says_nothing_is_lowered(tmp_path) -> None:
    assert memory_left(tmp_path) is None
    settings = ServeSettings()
    assert fitted(settings, 4_000_000, 1, None) == (settings, 4_000_000)


@pytest.mark.parametrize("left", [64 * MB, 300 * MB, 900 * MB])
@pytest.mark.parametrize("queues", [1, 3])
def test_the_bound_is_within_what_is_left(left, queues) -> None:
    lowered, tokens = fitted(ServeSettings(), 4_000_000, queues, left)
    assert left / 2 <= bound(lowered, tokens * queues) <= left
    assert lowered.body_bytes <= lowered.flight_bytes


def test_a_server_without_memory_for_requests_does_not_start(monkeypatch, folders) -> None:
    with pytest.raises(LimitError, match="too few") as caught:
        fitted(ServeSettings(), 4_000_000, 1, 5 * MB)
    assert caught.value.code == "E_MEMORY"
    monkeypatch.setattr(application, "memory_left", lambda: 5 * MB)
    with pytest.raises(LimitError, match="too few"), serving({"embed": str(folders["embed"])}):
        pass


def test_what_exceeds_the_lowered_bounds_is_refused(monkeypatch, folders) -> None:
    monkeypatch.setattr(application, "memory_left", lambda: 100 * MB)
    with serving({"embed": str(folders["embed"])}, page=False) as client:
        text = "hello " * 300_000
        for body, wanted in ((["hello"], 200), ([text] * 8, 413)):
            assert client.post("/v1/embeddings", json={"input": body}).status_code == wanted
        assert client.app.state.torso.metrics.total(client.app.state.torso.metrics.bound) <= 100 * MB


@LINUX
def test_a_server_of_512_mb_refuses_and_lives(folders) -> None:
    """What 10 clients send at a time would take several times as much; nothing is killed, and the bound holds."""

    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (800 * MB, 800 * MB))  # of which libraries and stacks are 500

    found: list[int] = []
    bodies = [
        json.dumps({"input": ["hello world " * 80] * 2000, "model": "embed"}),  # 2 MB, 320,000 tokens
        json.dumps({"input": ["hello world " * 40] * 1000, "model": "embed"}),
        json.dumps({"input": ["ab " * 30_000, "b" * 90_000], "model": "embed"}),
        json.dumps({"input": "a" * (30 << 20), "model": "embed"}),
        "[" * (10 << 20),
    ]
    with Process(f"embed={folders['embed']}", "--long", "truncate", before=lower) as process:
        pid = process.process.pid
        ready = _memory(pid, "VmRSS")
        stated = _metric(process, "torso_memory_bound_bytes")
        assert stated < 400 * MB

        def client(number: int) -> None:
            for turn in range(3):
                body = bodies[(number + turn) % len(bodies)]
                headers = {"content-type": "application/json"}
                try:
                    answer = httpx.post(f"{process.url}/v1/embeddings", content=body, headers=headers, timeout=120)
                    found.append(answer.status_code)
                except httpx.TransportError:  # refused before the body was read
                    found.append(0)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(10)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(300)
        assert process.process.poll() is None
        assert set(found) <= {0, 200, 400, 413, 429, 500, 503}
        assert 200 in found
        assert set(found) & {413, 429}
        assert _memory(pid, "VmHWM") <= ready + stated
        for _ in range(5):
            serves(process)


def _memory(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(name + ":")]
    return int(line.split()[1]) * 1024
