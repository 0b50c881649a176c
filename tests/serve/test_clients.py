"""Clients as installed from PyPI, against a process on loopback."""

from __future__ import annotations

import numpy as np
import pytest

import torso
from lazy import LazyModule

openai = LazyModule("openai")
TEXTS = ["今天天气很好。", "hello world", "这本书很好看"]


@pytest.fixture(scope="module")
def client(process):
    return openai.OpenAI(base_url=f"{process.url}/v1", api_key="none", max_retries=0, timeout=60)


def test_openai_s_embeddings(client, folders) -> None:
    wanted = np.stack([each.vector for each in torso.encode(TEXTS, model=str(folders["embed"]))])
    for form in (None, "float", "base64"):
        given = {} if form is None else {"encoding_format": form}
        found = client.embeddings.create(input=TEXTS, model="embed", **given)
        if form != "base64":
            assert (np.array([each.embedding for each in found.data], np.float32) == wanted).all()
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(input="a", model="nothing")
    with pytest.raises(openai.BadRequestError, match="64"):
        client.embeddings.create(input="好" * 90, model="embed")
    assert "embed" in [each.id for each in client.models.list()]


def test_openai_s_chat_whole_and_streamed(client, folders) -> None:
    messages = [{"role": "user", "content": "hello"}]
    wanted = torso.chat("hello", model=str(folders["llama"]), max_new_tokens=8)
    whole = client.chat.completions.create(messages=messages, model="llama", max_tokens=8, temperature=0)
    assert whole.choices[0].message.content == wanted.text
    assert whole.choices[0].finish_reason == "length"
    assert whole.usage.completion_tokens == 8
    stream = client.chat.completions.create(
        messages=messages,
        model="llama",
        max_tokens=8,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == wanted.text
    assert [each.choices[0].finish_reason for each in chunks if each.choices][-1] == "length"
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(messages=[{"role": "user", "content": "a " * 99}], model="llama", stream=True)


def test_openai_s_completions_with_seeds_and_several(client, folders) -> None:
    asked = {"model": "llama", "prompt": ["the cat", "a"], "max_tokens": 6, "temperature": 0.8, "n": 2, "seed": 11}
    one, other = client.completions.create(**asked), client.completions.create(**asked)
    assert [each.text for each in one.choices] == [each.text for each in other.choices]
    assert [each.index for each in one.choices] == [0, 1, 2, 3]
    wanted = torso.generate(
        ["the cat", "a"], model=str(folders["llama"]), max_new_tokens=6, do_sample=True, temperature=0.8, seed=11,
        num_return_sequences=2,
    )  # fmt: skip
    assert [each.text for each in one.choices] == [text.text for each in wanted for text in each]


def test_twenty_streams_at_once_are_the_texts_alone(client, folders) -> None:
    from concurrent.futures import ThreadPoolExecutor

    prompts = ["the cat", "a", "one two three", "hello there"]
    wanted = {each: torso.generate(each, model=str(folders["llama"]), max_new_tokens=9).text for each in prompts}

    def one(number: int) -> bool:
        prompt = prompts[number % len(prompts)]
        stream = client.completions.create(model="llama", prompt=prompt, max_tokens=9, temperature=0, stream=True)
        return "".join(each.choices[0].text for each in stream) == wanted[prompt]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(20)))


def test_hugging_face_s_client(process, folders) -> None:
    hub = pytest.importorskip("huggingface_hub")
    client = hub.InferenceClient(base_url=process.url, timeout=60)
    messages = [{"role": "user", "content": "hello"}]
    found = client.chat_completion(messages, model="llama", max_tokens=5, temperature=0)
    assert found.choices[0].message.content == torso.chat("hello", model=str(folders["llama"]), max_new_tokens=5).text
    tei = hub.InferenceClient(model=f"{process.url}/embed", timeout=60)
    vectors = tei.feature_extraction(TEXTS[0], normalize=True)
    wanted = torso.encode(TEXTS[0], model=str(folders["embed"]), normalize=True).vector
    assert (np.asarray(vectors, np.float32).reshape(-1) == wanted).all()


def test_httpx_with_many_connections(process) -> None:
    httpx = pytest.importorskip("httpx")
    import asyncio

    async def run() -> list[int]:
        async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
            asked = [client.post("/v1/embeddings", json={"input": TEXTS, "model": "embed"}) for _ in range(50)]
            return [each.status_code for each in await asyncio.gather(*asked)]

    assert asyncio.run(run()) == [200] * 50
