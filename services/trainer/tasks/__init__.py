"""The kinds of task, by the name that `[[tasks]] kind` gives."""

from collections.abc import Callable, Mapping
from typing import Final

from services.trainer.machine import Machine
from services.trainer.tasks.task import Task
from services.trainer.tasks.text_classification import TextClassification

TASKS: Final[Mapping[str, Callable[[Machine], Task]]] = {"text-classification": TextClassification}
