"""Tests of what is known of weights on disk."""

from pathlib import Path

from services.trainer.encoders.encoder import Pretrained


def test_the_configuration_is_read_from_its_folder(tmp_path: Path) -> None:
    """Once, when it is asked for."""
    pretrained = Pretrained(tmp_path, tmp_path / "tokenizer.json", "a wheel", "0" * 64)
    (tmp_path / "config.json").write_text('{"hidden_size": 384}', "utf-8")
    assert pretrained.config["hidden_size"] == 384
