"""Types: a checker knows what a model gives from the task or the class it was loaded with."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

SOURCE = """
from torso import AutoConfig, AutoModel, AutoModelForQuestionAnswering, AutoModelForSequenceClassification
from torso import AutoModelForTokenClassification, AutoTokenizer, BertConfig, BertForMaskedLM, Task, load, new_model
from torso import RobertaModel, classify, encode, generate, zero_shot
import torch
from torso import nn

ids = torch.ones(1, 2, dtype=torch.int64)
reveal_type(load("x", Task.TOKEN_CLASSIFICATION))
reveal_type(load("x", Task.SEQUENCE_CLASSIFICATION))
reveal_type(load("x"))
reveal_type(new_model(BertConfig(hidden_size=8), Task.MASKED_LM))
reveal_type(AutoModelForSequenceClassification.from_pretrained("x")(ids).logits)
reveal_type(AutoModelForTokenClassification.from_pretrained("x")(ids))
reveal_type(AutoModelForQuestionAnswering.from_pretrained("x")(ids).start_logits)
reveal_type(BertForMaskedLM.from_pretrained("x")(ids).loss)
reveal_type(AutoModel.from_pretrained("x")(ids).attentions)
reveal_type(RobertaModel.from_pretrained("x"))
reveal_type(AutoTokenizer.from_pretrained("x"))
reveal_type(AutoConfig.from_pretrained("x"))
reveal_type(BertConfig().hidden_size)
reveal_type(nn.Attention)
reveal_type(classify("x", top=2))
reveal_type(classify(["x"], long="window", merge="max"))
reveal_type(generate(iter("x"), model="x", top_k=2))
reveal_type(encode(["x"], normalize=True))
reveal_type(zero_shot("x", ["y"], model="x", template="{}"))
BertConfig(hiden_size=8)
BertConfig(hidden_size="8")
AutoModel.from_pretrained("x", output_attention=True)
AutoModel.from_pretrained("x")(ids).logits
classify("x", topp=2)
encode(["x"], normalise=True)
zero_shot("x", ["y"], model="x", templat="{}")
generate(iter("x"), model="x", max_tokens=2)
classify("x", long="cut")
classify("x", top="2")
"""
WANTED = [
    "Model[TokenLogits]",
    "Model[SequenceLogits]",
    "Model[Features]",
    "Model[VocabLogits]",
    "Tensor",
    "LogitsOutput",
    "Tensor",
    "Tensor | None",
    "tuple[Tensor, ...]",
    "RobertaModel",
    "Tokenizer",
    "HubConfig",
    "int",
    "type[Attention]",
    "Label",
    "list[Label]",
    "Iterator[Generated]",
    "list[Embedding]",
    "Label",
]
FAULTS = [
    'No parameter named "hiden_size"',
    "\"Literal['8']\"",
    'No parameter named "output_attention"',
    '"logits"',
    'No overloads for "classify"',
    'No overloads for "encode"',
    'No overloads for "zero_shot"',
    'No overloads for "generate"',
    'No overloads for "classify"',
    'parameter "long" of type "Long"',
    'No overloads for "classify"',
    'parameter "top" of type "int | None"',
]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("typing")
    (folder / "use.py").write_text(SOURCE)
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)["generalDiagnostics"]


def test_what_is_revealed(told) -> None:
    found = [re.search(r'is "(.*)"$', each["message"])[1] for each in told if each["severity"] == "information"]
    assert found == WANTED


def test_what_is_refused(told) -> None:
    errors = [each["message"] for each in told if each["severity"] == "error"]
    assert len(errors) == len(FAULTS), errors
    for fault, message in zip(FAULTS, errors, strict=True):
        assert fault in message
