"""What a training process begins with: imported once, by the fork server, and there for all its forks.

Never imported by a process that is to stay small.
"""

from multiprocessing.connection import Connection
from typing import Final

import pytorch_lightning
import torch
import transformers

from services.trainer import child
from services.trainer.order import Job
from services.trainer.tasks import TASKS

IMPORTED: Final = (pytorch_lightning, torch, transformers)
"""Named, for a run imports them too: most of their ten seconds are then over."""


def work(job: Job, pipe: Connection) -> None:
    """Carry out `job`, and tell by `pipe` how it goes."""
    torch.set_num_threads(job.machine.threads)
    child.work(job, pipe, TASKS)
