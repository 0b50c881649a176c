"""Servers of embeddings beside torso's, each in an environment of its own, and how they are started and asked."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from load_client import post

WORDS = [
    *("the", "weather", "today", "is", "very", "nice", "and", "we", "read"),
    *("a", "good", "book", "about", "old", "cities", "near", "the", "sea"),
]
_START = 120.0  # seconds in which a server must be ready; on a quiet machine the slowest takes 16
ENVIRONMENTS = {
    "infinity": ["infinity-emb[torch,server,optimum]==0.0.78", "click<8.2"],
    "peers": ["fastapi", "uvicorn", "httptools", "uvloop", "sentence-transformers==6.2.0", "litserve==0.2.19"],
}
FASTAPI = """
import sys, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
class Asked(BaseModel):
    input: list[str]
app = FastAPI()
@app.post("/embeddings")
def route(asked: Asked):
    return {"data": [{"embedding": row.tolist()} for row in model.encode(asked.input)]}
@app.get("/health")
def health():
    return {"status": "ok"}
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""
LITSERVE = """
import sys
import litserve
from sentence_transformers import SentenceTransformer
class Api(litserve.LitAPI):
    def setup(self, device):
        self.model = SentenceTransformer(sys.argv[1], device="cpu")
    def decode_request(self, request):
        return request["input"]
    def batch(self, inputs):
        self.sizes = [len(each) for each in inputs]
        return [text for each in inputs for text in each]
    def predict(self, texts):
        return self.model.encode(texts)
    def unbatch(self, rows):
        parts, place = [], 0
        for size in self.sizes:
            parts.append(rows[place : place + size])
            place += size
        return parts
    def encode_response(self, rows):
        return {"data": [{"embedding": row.tolist()} for row in rows]}
if __name__ == "__main__":
    api = Api(max_batch_size=32, batch_timeout=0.001, api_path="/embeddings")
    litserve.LitServer(api, accelerator="cpu").run(port=int(sys.argv[2]), generate_client_file=False, log_level="error")
"""
# Left to itself ONNX Runtime starts a thread for each core of the machine and pins it there: on the client's core, too.
OPTIMUM = """
import os
import onnxruntime
class Session(onnxruntime.InferenceSession):
    def __init__(self, path, sess_options=None, **given):
        options = sess_options or onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        super().__init__(path, sess_options=options, **given)
onnxruntime.InferenceSession = Session
from infinity_emb.cli import cli
cli()
"""


@dataclass
class Peer:
    """One server.

    Attributes:
        name: in the results.
        command: starts it; ``{model}`` and ``{port}`` are filled in.
        path: of its embeddings.
        ready: of its readiness.
        model: what requests call the model; None to name none.
        folder: in which it is started.
    """

    name: str
    command: list[str]
    path: str = "/embeddings"
    ready: str = "/health"
    model: str | None = None
    folder: Path | None = None


def texts(count: int, seed: int, least: int = 4, most: int = 20) -> list[str]:
    """Texts of so many words."""
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(WORDS, k=drawn.randint(least, most))) for _ in range(count)]


def requests(peer: Peer, each: int, count: int = 64) -> list[bytes]:
    """Requests of so many texts each."""
    named = {} if peer.model is None else {"model": peer.model}
    bodies = [{"input": texts(each, number), **named} for number in range(count)]
    return [post(peer.path, json.dumps(body).encode()) for body in bodies]


def peer(name: str, home: Path, model: str) -> Peer:
    """The server of this name; its environment is made below ``home`` where it is not there."""
    scripts = {"fastapi": FASTAPI, "litserve": LITSERVE}
    if name == "torso":
        command = [sys.executable, "-m", "torso", "serve", "m={model}:features", "--port", "{port}", "--no-log"]
        return Peer(name, [*command, "--no-page"], "/v1/embeddings", "/readyz", "m")
    if name in scripts:
        script = home / f"{name}_server.py"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(scripts[name], encoding="utf-8")
        return Peer(name, [str(_python(home, "peers")), str(script), "{model}", "{port}"])
    engine, folder, shown, more = name.removeprefix("infinity-"), None, "{model}", list[str]()
    begin = [str(_python(home, "infinity").with_name("infinity_emb"))]
    if engine == "optimum":
        # optimum 2 looks a file up by the name that infinity gives it, which is that of its path: "." makes them one.
        folder, shown = _onnx(home, model), "."
        more = ["--pooling-method", "mean"]  # of itself it takes the first token's row, whatever the folder says
        script = home / "optimum_server.py"
        script.write_text(OPTIMUM, encoding="utf-8")
        begin = [str(_python(home, "infinity")), str(script)]
    command = [*begin, "v2", "--model-id", shown]
    command += ["--served-model-name", "m", "--engine", engine, "--device", "cpu", "--port", "{port}"]
    return Peer(name, [*command, *more, "--log-level", "error"], model="m", folder=folder)


def _onnx(home: Path, model: str) -> Path:
    """The folder of a model as ONNX, exported where it is not there."""
    digest = hashlib.sha256(str(Path(model).resolve()).encode()).hexdigest()[:12]
    folder = home / f"onnx-{digest}"
    if not (folder / "model.onnx").exists():
        command = [str(_python(home, "infinity").with_name("optimum-cli")), "export", "onnx", "--model", model]
        command += ["--task", "feature-extraction", "--library-name", "transformers", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def _python(home: Path, name: str) -> Path:
    """The interpreter of an environment, which is made first where it is not there."""
    python = home / name / "bin" / "python"
    if not python.exists():
        venv.create(home / name, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *ENVIRONMENTS[name]], check=True)
    return python


@dataclass
class Running:
    """A server that runs.

    Attributes:
        peer: which.
        port: where.
        process: its process.
        started: seconds until it was ready.
    """

    peer: Peer
    port: int
    process: subprocess.Popen[bytes]
    started: float

    def cpu(self) -> float:
        """Seconds of processor that it and its children have used."""
        total = 0.0
        for pid in (self.process.pid, *_children(self.process.pid)):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total

    def loop_cpu(self) -> float:
        """Seconds of processor of its main thread: HTTP, JSON, and the tokenizing of short texts."""
        fields = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def strays(self, cores: set[int]) -> int:
        """Threads of it, and of its children, that may run on other cores than it was given."""
        found = 0
        for pid in (self.process.pid, *_children(self.process.pid)):
            with suppress(OSError):
                found += sum(not os.sched_getaffinity(int(each)) <= cores for each in os.listdir(f"/proc/{pid}/task"))
        return found

    def rss(self) -> float:
        """Memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def peak(self) -> float:
        """The most memory that it has had, in MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6

    def stop(self) -> None:
        """End it with all that it has started."""
        _signal(self.process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        _signal(self.process, signal.SIGKILL)
        self.process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal a server and its children, which are a group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def start(peer: Peer, model: str, cores: set[int], *further: str) -> Running:
    """Start a server on some cores and a free port, and wait until it is ready.

    Args:
        peer: which.
        model: a folder.
        cores: of the server.
        further: arguments of its command.

    Raises:
        RuntimeError: it ends, or is not ready in two minutes.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*(each.format(model=model, port=port) for each in peer.command), *further]
    threads = {name: str(len(cores)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    quiet = {"HF_HUB_OFFLINE": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0", "TOKENIZERS_PARALLELISM": "false"}
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | threads | quiet,
        cwd=peer.folder,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    while time.monotonic() < begun + _START and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}{peer.ready}", timeout=2).status_code == 200:
                return Running(peer, port, process, time.monotonic() - begun)
        time.sleep(0.01)
    _signal(process, signal.SIGKILL)
    raise RuntimeError(f"is not ready: {' '.join(command)}")
