"""The model behind the peers: one that costs nothing, or the same files that our gateway serves. No code of ours."""

import json
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ["base", "basic", "calc", "chart", "draw", "impress", "math", "writer"]


class NullModel:
    """Says the same of every text."""

    def __call__(self, texts: list[str]) -> list[dict[str, float]]:
        """Give the probabilities of each text's labels."""
        return [dict.fromkeys(LABELS, 1 / len(LABELS)) for _ in texts]


class SentenceModel:
    """Tokenizer, encoder in int8 and head, as their documentation has it; one thread."""

    def __init__(self, folder: Path) -> None:
        """Load the files."""
        import onnxruntime  # noqa: PLC0415 - the null model needs none of it
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        about = json.loads((folder / "about.json").read_text("utf-8"))
        self._labels = about["labels"]
        name = "encoder.int8.onnx" if about["precision"] == "int8" else "encoder.onnx"
        self._encoder = onnxruntime.InferenceSession(str(folder / name), options)
        self._head = onnxruntime.InferenceSession(str(folder / "head.onnx"), options)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(about["encoding"]["transformer"]["max_tokens"])
        self._tokenizer.enable_padding()

    def __call__(self, texts: list[str]) -> list[dict[str, float]]:
        """Give the probabilities of each text's labels."""
        found = self._tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": np.array([one.ids for one in found]),
            "attention_mask": np.array([one.attention_mask for one in found]),
        }
        embedding = self._encoder.run(["sentence_embedding"], inputs)[0]
        rows = self._head.run(["probabilities"], {"embedding": embedding})[0]
        return [dict(zip(self._labels, row, strict=True)) for row in rows.tolist()]


def model_of(folder: str) -> Any:  # noqa: ANN401 - either of the two
    """Give the model in `folder`, or the one that costs nothing where that is empty."""
    return SentenceModel(Path(folder)) if folder else NullModel()
