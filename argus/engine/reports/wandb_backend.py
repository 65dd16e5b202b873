"""Weights & Biases: https://docs.wandb.ai; without an account or a network with ``WANDB_MODE``.

mmengine's backend numbers the points of a curve by itself, uploads every Python file of the current
folder, and ends by a function that is gone; this one has the steps as the axis, and sends numbers,
pictures and the config.
"""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization.vis_backend import BaseVisBackend, force_init_env

from argus.engine.reports.plain_config import plain_config
from argus.errors import ConfigError

_STEP = "iter"


@VISBACKENDS.register_module()
class WandbBackend(BaseVisBackend):
    """Writes a training as a run of Weights & Biases.

    Its environment variables (``WANDB_MODE=offline``, ``WANDB_PROJECT``, ``WANDB_ENTITY``, ...)
    hold as they do elsewhere.

    Args:
        save_dir: Of the run's files; the visualizer gives it.
        project: Of the run; that of ``WANDB_PROJECT`` by default, else ``argus``.
        name: Of the run; that of the work dir by default.
        init_kwargs: Further arguments of ``wandb.init``.
    """

    def __init__(
        self,
        save_dir: str,
        *,
        project: str | None = None,
        name: str | None = None,
        init_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir)
        self.project = project
        self.name = name
        self.init_kwargs = dict(init_kwargs or {})

    def _init_env(self) -> None:
        import wandb

        Path(self._save_dir).mkdir(parents=True, exist_ok=True)
        settings = wandb.Settings(console="off", silent=True)
        project = self.project or settings.project or "argus"
        try:
            self._run = wandb.init(
                **dict(project=project, name=self.name, dir=self._save_dir, settings=settings)
                | self.init_kwargs
            )
        except wandb.Error as error:
            raise ConfigError(
                f"Weights & Biases cannot be used: {str(error).rstrip('.')}. Run `wandb login`, or "
                "set WANDB_MODE=offline to keep the run here for `wandb sync`."
            ) from error
        self._run.define_metric(_STEP)
        self._run.define_metric("*", step_metric=_STEP)

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The run."""
        return self._run

    @property
    @force_init_env
    def place(self) -> str:
        """Where a person looks."""
        folder = Path(self._run.dir).parent
        return str(self._run.url or f"wandb sync {folder}")

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Send the config; it names the run if nothing else does."""
        if self.name is None and config.get("work_dir"):
            self.name = Path(config.work_dir).name
        self.experiment.config.update(plain_config(config), allow_val_change=True)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        """Send a picture, RGB (H, W, 3) uint8."""
        from wandb import Image

        self.experiment.log({name: Image(image), _STEP: step})

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        """Send a number."""
        self.experiment.log({name: value, _STEP: step})

    def add_scalars(
        self,
        scalar_dict: dict[str, Any],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Send numbers of one step."""
        self.experiment.log({**scalar_dict, _STEP: step})

    def close(self) -> None:
        """End the run."""
        if hasattr(self, "_run"):
            self._run.finish()
