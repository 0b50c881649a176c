"""Clients of other servers, as installed from PyPI, in an environment of their own, against ``torso serve``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import numpy as np
import pytest

import torso
from serve.conftest import Process, folders

from .conftest import Foreign

__all__ = ["folders"]
TEXTS = ["今天天气很好。", "hello world", "这本书很好看"]
QUERY = "今天"
LONG = "好" * 90


@pytest.fixture(scope="module")
def server(folders) -> Iterator[Process]:
    """A process that serves vectors, ranks and texts."""
    with Process(*(f"{name}={folders[name]}" for name in ("embed", "rank", "llama"))) as made:
        yield made


@pytest.fixture(scope="module")
def vectors(folders) -> np.ndarray:
    return np.stack([each.vector for each in torso.encode(TEXTS, model=str(folders["embed"]))])


@pytest.fixture(scope="module")
def ranked(folders) -> dict[str, float]:
    return {str(match.index): match.score for match in torso.rerank(QUERY, TEXTS, model=str(folders["rank"]))}


def run(foreign: Foreign, code: str, url: str) -> dict:
    """What a program prints last, as JSON; ``texts``, ``query``, ``long`` and ``url`` are its own names."""
    given = json.dumps({"texts": TEXTS, "query": QUERY, "long": LONG, "url": url})
    head = f"import json, os\nglobals().update(json.loads({given!r}))\n"
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks a server far away
    return json.loads(foreign.python("http", head + code).splitlines()[-1])


def close(found: list[list[float]], wanted: np.ndarray) -> bool:
    return bool((np.array(found, np.float32) == wanted).all())


def test_langchain_s_embeddings_and_chat(foreign, server, vectors, folders) -> None:
    code = """
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
asked = dict(base_url=url + "/v1", api_key="none", max_retries=0)
made = OpenAIEmbeddings(model="embed", check_embedding_ctx_length=False, **asked)
chat = ChatOpenAI(model="llama", temperature=0, max_tokens=8, **asked)
try:
    made.embed_query(long)
    refused = ""
except Exception as error:
    refused = str(error)
print(json.dumps({"documents": made.embed_documents(texts), "query": made.embed_query(texts[0]), "refused": refused,
    "chat": chat.invoke("hello").content, "stream": "".join(each.content for each in chat.stream("hello"))}))
"""
    found = run(foreign, code, server.url)
    assert close(found["documents"], vectors)
    assert close([found["query"]], vectors[:1])
    assert "this model takes 64" in found["refused"]
    wanted = torso.chat("hello", model=str(folders["llama"]), max_new_tokens=8).text
    assert found["chat"] == found["stream"] == wanted


def test_llama_index_s_embeddings(foreign, server, vectors) -> None:
    code = """
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
made = OpenAILikeEmbedding(model_name="embed", api_base=url + "/v1", api_key="none", max_retries=0)
print(json.dumps({"documents": made.get_text_embedding_batch(texts), "query": made.get_query_embedding(texts[0])}))
"""
    found = run(foreign, code, server.url)
    assert close(found["documents"], vectors)
    assert close([found["query"]], vectors[:1])


def test_litellm_s_embeddings_ranks_and_chat(foreign, server, vectors, ranked, folders) -> None:
    code = """
import litellm
litellm.telemetry = False
one = litellm.embedding("openai/embed", input=texts, api_base=url + "/v1", api_key="none")
chat = litellm.completion("openai/llama", [{"role": "user", "content": "hello"}], api_base=url + "/v1", api_key="none",
    temperature=0, max_tokens=8)
rows = {}
for provider in ("infinity", "hosted_vllm", "cohere", "jina_ai"):
    got = litellm.rerank(model=provider + "/rank", query=query, documents=texts, top_n=3, api_base=url, api_key="none",
        return_documents=False)
    rows[provider] = {str(each["index"]): each["relevance_score"] for each in got.results}
print(json.dumps({"vectors": [each["embedding"] for each in one.data], "rows": rows,
    "chat": chat.choices[0].message.content}))
"""
    found = run(foreign, code, server.url)
    assert close(found["vectors"], vectors)
    assert found["chat"] == torso.chat("hello", model=str(folders["llama"]), max_new_tokens=8).text
    for provider, rows in found["rows"].items():
        assert rows == ranked, provider


def test_cohere_s_client_in_both_its_versions(foreign, server, vectors, ranked) -> None:
    code = """
import cohere
first, second = cohere.Client("none", base_url=url), cohere.ClientV2("none", base_url=url)
asked = dict(model="embed", texts=texts, input_type="search_document")
found = {"v1": first.embed(**asked).embeddings}
found["v2"] = second.embed(**asked, embedding_types=["float"]).embeddings.float_
rows = {}
for name, client in (("v1", first), ("v2", second)):
    got = client.rerank(model="rank", query=query, documents=texts, top_n=3)
    rows[name] = {str(each.index): each.relevance_score for each in got.results}
try:
    second.embed(model="nothing", texts=texts, input_type="search_document", embedding_types=["float"])
    refused = 0
except cohere.NotFoundError as error:
    refused = error.status_code
print(json.dumps({"vectors": found, "rows": rows, "refused": refused}))
"""
    found = run(foreign, code, server.url)
    for version in ("v1", "v2"):
        assert close(found["vectors"][version], vectors), version
        assert found["rows"][version] == ranked, version
    assert found["refused"] == 404


def test_hugging_face_s_client_and_openai_s(foreign, server, vectors, folders) -> None:
    code = """
import openai
from huggingface_hub import InferenceClient
client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
made = {form: client.embeddings.create(input=texts, model="embed", **({} if form == "default" else
    {"encoding_format": form})).data for form in ("default", "float")}
hub = InferenceClient(base_url=url)
chat = hub.chat_completion([{"role": "user", "content": "hello"}], model="llama", max_tokens=5, temperature=0)
vectors = InferenceClient(model=url + "/embed").feature_extraction(texts[0], normalize=False)
print(json.dumps({"vectors": {form: [each.embedding for each in data] for form, data in made.items()},
    "chat": chat.choices[0].message.content, "hub": vectors.reshape(-1).tolist()}))
"""
    found = run(foreign, code, server.url)
    assert close(found["vectors"]["default"], vectors)
    assert close(found["vectors"]["float"], vectors)
    assert close([found["hub"]], vectors[:1])
    assert found["chat"] == torso.chat("hello", model=str(folders["llama"]), max_new_tokens=5).text
