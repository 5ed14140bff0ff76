"""Adapts an encoder to the rows of a run, and exports what came of it."""

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from peft import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import PreTrainedModel

from services.trainer import adapters
from services.trainer.adapters import Adapting, TokenRows, with_adapters
from services.trainer.core.examples import Examples
from services.trainer.core.row_weights import repeated, row_weights
from services.trainer.encoders.encoder import TransformerEncoder
from services.trainer.export import export, load_transformer, opened
from services.trainer.fitting import Fit, run_fit
from services.trainer.machine import Machine
from services.trainer.rows import Batches
from services.trainer.sentence_encoder import SentenceEncoder, spec_of
from services.trainer.workspace import Workspace
from shared.encoding.spec import Encoding
from shared.encoding.tokens import Tokens
from shared.flywheel.learning import Recipe
from shared.models.manifest import ADAPTER_WEIGHTS

HYPERPARAMETERS: Final[dict[str, float | int | str | bool]] = {
    "adapter_rank": adapters.RANK,
    "adapter_alpha": adapters.ALPHA,
    "adapter_layers": adapters.TOP_LAYERS,
    "adapter_learning_rate": adapters.ADAPTER_RATE,
}


@dataclass(frozen=True)
class AdapterData:
    """Rows to adapt to, rows to look at, and the labels of both."""

    labels: tuple[str, ...]
    train: Examples
    validation: Examples


def adapted_encoder(
    encoder: TransformerEncoder, data: AdapterData, recipe: Recipe, workspace: Workspace, machine: Machine
) -> SentenceEncoder:
    """Learn adapters by `recipe`, add them to the weights, and write the graphs into the run's folder."""
    pretrained = encoder.find(machine.encoders, workspace.cache)
    spec = spec_of(encoder, pretrained)
    tokens = Tokens.load(pretrained.tokenizer, Encoding(transformer=spec))
    train, validation = (
        _rows(examples, data.labels, tokens, spec.pad_id) for examples in (data.train, data.validation)
    )
    adapted = with_adapters(load_transformer(pretrained), recipe.seed)
    batches = Batches(train, repeated(data.train.kinds), recipe.seed, train.lengths)
    looked_at = Batches(validation, np.argsort(validation.lengths, kind="stable"))
    module = Adapting(adapted, len(data.labels), recipe.epochs * len(batches))
    fit = Fit(
        "adapters", recipe.epochs, len(batches), _fingerprint(train, pretrained.digest, recipe), threads=machine.threads
    )
    run_fit(module, (batches, looked_at), fit, workspace, machine)
    path = workspace.folder / ADAPTER_WEIGHTS
    save_file({name: tensor.contiguous().cpu() for name, tensor in get_peft_model_state_dict(adapted).items()}, path)
    workspace.progress(f"{encoder.name}: writing the graphs of what was adapted")
    merged: PreTrainedModel = adapted.merge_and_unload()
    export(merged.cpu().eval(), workspace.folder)
    adapted_spec = msgspec.structs.replace(spec, weights=f"{spec.weights}, adapted")
    return SentenceEncoder(adapted_spec, opened(workspace.folder), pretrained.tokenizer, frozen=False)


def _rows(examples: Examples, labels: tuple[str, ...], tokens: Tokens, pad_id: int) -> TokenRows:
    places = {label: place for place, label in enumerate(labels)}
    return TokenRows(
        [tokens.ids(text) for text in examples.texts],
        pad_id,
        np.array([places[label] for label in examples.labels], dtype=np.int64),
        row_weights(examples, labels),
    )


def _fingerprint(rows: TokenRows, digest: str, recipe: Recipe) -> str:
    """Name all that the adapters depend on."""
    whole = hashlib.sha256(msgspec.json.encode((digest, recipe.epochs, recipe.seed, HYPERPARAMETERS, rows.tokens)))
    for array in (rows.targets, rows.row_weights):
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()
