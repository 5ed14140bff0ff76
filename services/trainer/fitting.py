"""Runs PyTorch Lightning's loop: on one device, with few words, and from checkpoint to checkpoint."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger

from services.trainer.machine import Machine
from services.trainer.rows import Batches
from services.trainer.workspace import Workspace

FOUND: Final = "found.ckpt"
MADE: Final = "made.ckpt"
LOG_EVERY_STEPS: Final = 50
TELL_SECONDS: Final = 10
FINGERPRINT: Final = "fingerprint"


@dataclass(frozen=True)
class Fit:
    """One use of Lightning's loop.

    `fingerprint` names all that the result depends on: a checkpoint of something else isn't gone on with. Without
    `resumable` there are no checkpoints. On one thread, sums have one order and small steps no overhead.
    """

    name: str
    epochs: int
    epoch_steps: int
    fingerprint: str
    resumable: bool = True
    threads: int = 1


class KeepCheckpoints(Callback):
    """Makes a checkpoint every so many steps.

    Never after the last batch of an epoch, for there Lightning's loops have neither ended the epoch nor begun another.
    """

    def __init__(self, workspace: Workspace, every_steps: int, fit: Fit) -> None:
        """Hand them to `workspace.checkpoints`."""
        self._workspace = workspace
        self._every_steps = every_steps
        self._fit = fit
        self._kept = 0
        self._told = 0.0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Count from where the run begins, or goes on."""
        del pl_module
        self._kept = trainer.global_step
        self._told = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Keep one where it is time, and say now and then which step it is."""
        del pl_module, outputs, batch
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            steps = self._fit.epochs * self._fit.epoch_steps
            self._workspace.progress(f"{self._fit.name}: step {trainer.global_step:,} of {steps:,}")
        due = self._fit.resumable and trainer.global_step - self._kept >= self._every_steps
        if due and batch_idx + 1 < trainer.num_training_batches:
            path = self._workspace.folder / MADE
            trainer.save_checkpoint(path)
            self._workspace.checkpoints.save(path)
            path.unlink()
            self._kept = trainer.global_step

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say of what it is one."""
        del trainer, pl_module
        checkpoint[FINGERPRINT] = self._fit.fingerprint

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Tell how far it is."""
        del pl_module
        accuracy = trainer.callback_metrics.get("validation/accuracy")
        said = "" if accuracy is None else f", validation {float(accuracy):.3f}"
        self._workspace.progress(f"{self._fit.name}: epoch {trainer.current_epoch + 1} of {self._fit.epochs}{said}")


def run_fit(
    module: lightning.LightningModule,
    batches: tuple[Batches[Any], Batches[Any]],
    fit: Fit,
    workspace: Workspace,
    machine: Machine,
) -> None:
    """Train `module` on the first of `batches`, and look at the second after each epoch.

    It begins at the newest checkpoint, where there is one of this very fit; the end is the same either way.
    """
    checkpoints = KeepCheckpoints(workspace, machine.checkpoint_steps, fit)
    with _quiet(), _threads(fit.threads), _newest(fit, workspace) as checkpoint:
        trainer = _trainer(fit, checkpoints, workspace, machine)
        trainer.fit(module, *batches, ckpt_path=checkpoint, weights_only=True)


def _trainer(fit: Fit, checkpoints: KeepCheckpoints, workspace: Workspace, machine: Machine) -> lightning.Trainer:
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=1,
        max_epochs=fit.epochs,
        deterministic=True,
        logger=TensorBoardLogger(workspace.logs, name=fit.name, version=""),
        callbacks=[checkpoints],
        default_root_dir=workspace.folder,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=min(LOG_EVERY_STEPS, fit.epoch_steps),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning from telling of the hardware, of modules that are meant not to train, and of its own future."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)
        warnings.filterwarnings("ignore", r"Found \d+ module\(s\) in eval mode", UserWarning)
        yield


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _newest(fit: Fit, workspace: Workspace) -> Iterator[Path | None]:
    """Give the newest checkpoint, if it is one of this fit."""
    path = workspace.folder / FOUND
    if not (fit.resumable and workspace.checkpoints.load(path)):
        yield None
        return
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        same = kept.get(FINGERPRINT) == fit.fingerprint
        workspace.progress(
            f"{fit.name}: going on after step {kept['global_step']:,}"
            if same
            else f"{fit.name}: the checkpoint is of other rows or settings; beginning anew"
        )
        yield path if same else None
    finally:
        path.unlink()
