"""Settings: read as transformers reads them, strict to people, and what is not known is never ignored in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lazy import LazyModule
from torso.errors import ConfigError, TorsoError, UnknownParameterError, UnsupportedError
from torso.generation.generation_settings import GenerationSettings
from torso.generation.settings_files import require_known, settings_of, with_task
from torso.loading.load import read_config

transformers = LazyModule("transformers")


def folder(home: Path, generation: object = None, **config: object) -> Path:
    values = {"model_type": "t5", "d_model": 8, "d_kv": 2, "num_heads": 2, "num_layers": 1, "vocab_size": 9, **config}
    (home / "config.json").write_text(json.dumps(values))
    if generation is not None:
        (home / "generation_config.json").write_text(json.dumps(generation))
    return home


def read(home: Path) -> GenerationSettings:
    return settings_of(home, read_config(home)[1])


KEYS = [each.name for each in GenerationSettings.declared() if each.name != "seed"]


def test_every_knob_has_the_reference_s_name_and_default() -> None:
    theirs = transformers.GenerationConfig()
    known = theirs._get_default_generation_params()
    for each in GenerationSettings.declared():
        if each.name != "seed":
            assert hasattr(theirs, each.name), each.name
            assert each.name == "max_length" or known.get(each.name) == each.default or each.name not in known


def test_a_file_is_read_whole(tmp_path) -> None:
    given = {
        "do_sample": True,
        "temperature": 0.7,
        "top_k": None,
        "eos_token_id": [1, 2],
        "max_new_tokens": 7,
        "stop_strings": "###",
        "transformers_version": "4.40.0",
        "epsilon_cutoff": 0.0,
    }
    settings = read(folder(tmp_path, given, num_beams=4))
    assert (settings.temperature, settings.top_k, settings.ends, settings.most_new(3)) == (0.7, 50, (1, 2), 7)
    assert settings.stop_strings == ["###"]
    assert settings.num_beams == 1, "where the file is there, the config's older keys are not read"
    assert settings.rest == {"transformers_version": "4.40.0", "epsilon_cutoff": 0.0}
    assert settings.origin["temperature"] == "file"
    require_known(settings)


def test_older_keys_of_the_config(tmp_path) -> None:
    home = folder(tmp_path, num_beams=4, max_length=30, length_penalty=2.0, early_stopping=True, eos_token_id=1)
    theirs = transformers.GenerationConfig.from_model_config(transformers.AutoConfig.from_pretrained(home))
    mine = read(home)
    for name in KEYS:
        wanted = getattr(theirs, name)
        if wanted is not None:
            assert getattr(mine, name) == wanted, name
    assert (mine.num_beams, mine.max_length, mine.length_penalty, mine.early_stopping) == (4, 30, 2.0, True)


def test_a_task_of_the_config(tmp_path) -> None:
    tasks = {"summarization": {"max_length": 20, "num_beams": 4, "prefix": "summarize: ", "early_stopping": True}}
    config = read_config(folder(tmp_path, {"max_new_tokens": 5}, task_specific_params=tasks))[1]
    settings, prefix = with_task(settings_of(tmp_path, config), config, "summarization")
    assert (prefix, settings.num_beams, settings.most_new(1)) == ("summarize: ", 4, 19)
    same, prefix = with_task(settings, config, "translation_en_to_de")
    assert (same, prefix) == (settings, "")


@pytest.mark.parametrize(
    "values", [{"epsilon_cutoff": 0.1, "do_sample": True}, {"guidance_scale": 1.5}, {"encoder_repetition_penalty": 2}]
)
def test_what_would_change_the_text_and_is_not_known_is_refused(values, tmp_path) -> None:
    settings = read(folder(tmp_path, values))
    with pytest.raises(UnsupportedError) as caught:
        require_known(settings)
    assert caught.value.code == "E_UNSUPPORTED"
    assert next(iter(values)) in str(caught.value)


@pytest.mark.parametrize("values", [{"epsilon_cutoff": 0.1}, {"guidance_scale": 1.0}, {"num_beam_groups": 1}, {"x": 3}])
def test_what_changes_nothing_is_kept(values, tmp_path) -> None:
    settings = read(folder(tmp_path, values))
    require_known(settings)
    assert settings.rest == values
    [row] = [row for row in settings.describe() if not row.used]
    assert row.name == next(iter(values))


def test_wrong_values_of_a_file_name_it(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"generation_config\.json"):
        read(folder(tmp_path, {"num_beams": "four"}))
    with pytest.raises(TorsoError):
        read(folder(tmp_path, [1]))


@pytest.mark.parametrize(
    ("given", "code", "word"),
    [
        ({"temprature": 0.5}, "E_UNKNOWN_PARAMETER", "temperature"),
        ({"beams": 3}, "E_UNKNOWN_PARAMETER", "num_beams"),
        ({"num_beams": 0}, "E_CONFIG", "num_beams"),
        ({"top_p": 1.5}, "E_CONFIG", "top_p"),
        ({"do_sample": 1}, "E_CONFIG", "do_sample"),
        ({"early_stopping": "maybe"}, "E_UNSUPPORTED", "never"),
        ({"do_sample": True, "temperature": 0}, "E_CONFIG", "do_sample=False"),
        ({"num_return_sequences": 2}, "E_CONFIG", "do_sample=True"),
        ({"num_return_sequences": 3, "num_beams": 2}, "E_CONFIG", "num_beams=3"),
    ],
)
def test_people_are_held_to_what_can_be(given, code, word) -> None:
    for call in (lambda: GenerationSettings(**given), lambda: GenerationSettings().replace(given)):
        with pytest.raises(TorsoError) as caught:
            call()
        assert caught.value.code == code
        assert word in str(caught.value)


@pytest.mark.parametrize("given", [{"temperature": 0.5}, {"top_p": 0.5}, {"seed": 1}, {"length_penalty": 2.0}])
def test_a_knob_without_effect_is_refused(given) -> None:
    with pytest.raises(ConfigError) as caught:
        GenerationSettings().replace(given)
    assert caught.value.code == "E_NO_EFFECT"
    more = {"num_beams": 2} if "length_penalty" in given else {"do_sample": True}
    changed = GenerationSettings().replace({**given, **more})
    assert changed.origin == dict.fromkeys({**given, **more}, "you")


@pytest.mark.parametrize("name", ["num_beams", "num_return_sequences"])
@pytest.mark.parametrize("count", [1 << 63, 1 << 31, 32_769, 10**400])
def test_a_file_cannot_ask_for_more_texts_than_any_memory_holds(name, count, tmp_path) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        read(folder(tmp_path, {name: count, "do_sample": True}))
    assert caught.value.code == "E_CONFIG"
    assert read(folder(tmp_path, {name: 1000, "do_sample": True})).describe()[name].value == 1000


def test_frozen_and_unknown_names() -> None:
    settings = GenerationSettings()
    with pytest.raises(AttributeError):
        settings.num_beams = 3
    assert issubclass(UnknownParameterError, TypeError)
    assert settings == GenerationSettings(num_beams=1)


def test_how_much_may_be_written() -> None:
    assert GenerationSettings().most_new(5) == 256
    assert GenerationSettings(max_length=20).most_new(5) == 15
    assert GenerationSettings(max_length=20, max_new_tokens=9).most_new(5) == 9
    assert GenerationSettings(max_new_tokens=9).replace({"max_length": 20}).most_new(5) == 15


def test_every_knob_is_described_in_both_languages(monkeypatch) -> None:
    english = GenerationSettings().describe()
    assert [row.name for row in english] == [each.name for each in GenerationSettings.declared()]
    monkeypatch.setenv("TORSO_LANG", "zh")
    chinese = GenerationSettings().describe()
    assert all(row.meaning != other.meaning for row, other in zip(english, chinese, strict=True))
