"""MLflow: https://mlflow.org; on a server with ``MLFLOW_TRACKING_URI``, else in a file.

mmengine's backend keeps its files in a form that MLflow has given up, cannot take the parameters of
a long config or a picture without the end of a file name, and copies the logs of the work dir at
its end; this one writes numbers, pictures and the config to a database of the work dir.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization.vis_backend import BaseVisBackend, force_init_env

from argus.engine.reports.plain_config import plain_config
from argus.errors import ConfigError


@VISBACKENDS.register_module()
class MLflowBackend(BaseVisBackend):
    """Writes a training as a run of MLflow.

    Args:
        save_dir: Of the visualizer's files; unused, since runs of one work dir share a database.
        experiment_name: That of ``MLFLOW_EXPERIMENT_NAME`` by default, else ``argus``.
        run_name: That of the work dir by default.
        tracking_uri: That of ``MLFLOW_TRACKING_URI`` by default, else ``mlflow.db`` of the work
            dir.
    """

    def __init__(
        self,
        save_dir: str,
        *,
        experiment_name: str | None = None,
        run_name: str | None = None,
        tracking_uri: str | None = None,
    ) -> None:
        super().__init__(save_dir)
        self.experiment_name = (
            experiment_name or os.environ.get("MLFLOW_EXPERIMENT_NAME") or "argus"
        )
        self.run_name = run_name
        self.tracking_uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or ""
        self.work_dir = Path(save_dir)

    def _init_env(self) -> None:
        import mlflow

        uri = self.tracking_uri or f"sqlite:///{(self.work_dir / 'mlflow.db').resolve()}"
        try:
            mlflow.set_tracking_uri(uri)
            if mlflow.get_experiment_by_name(self.experiment_name) is None:
                pictures = None if self.tracking_uri else (self.work_dir / "mlflow").resolve()
                location = pictures.as_uri() if pictures else None
                mlflow.create_experiment(self.experiment_name, artifact_location=location)
            mlflow.set_experiment(self.experiment_name)
            mlflow.start_run(run_name=self.run_name)
        # A server that is not there raises what its protocol has.
        except Exception as error:  # noqa: BLE001
            raise ConfigError(f"MLflow at {uri} cannot be used: {error}") from error
        self._mlflow = mlflow
        self.tracking_uri = uri

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The package, with the run begun."""
        return self._mlflow

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        """The package; what its server raises is an error of a log, which ends no training."""
        package = self.experiment
        try:
            yield package
        except package.exceptions.MlflowException as error:
            raise OSError(f"MLflow: {error}") from error

    @property
    @force_init_env
    def place(self) -> str:
        """Where a person looks."""
        is_file = self.tracking_uri.startswith("sqlite:")
        return (
            f"mlflow ui --backend-store-uri {self.tracking_uri}" if is_file else self.tracking_uri
        )

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Write the config as a file; its work dir names the run and holds the database."""
        if config.get("work_dir"):
            self.work_dir = Path(config.work_dir)
            self.run_name = self.run_name or self.work_dir.name
        plain = plain_config(config)
        tasks = ", ".join(plain.get("tasks") or ())
        with self._writing() as mlflow:
            mlflow.log_dict(plain, "config.json")
            mlflow.log_params(dict(tasks=tasks[:500], work_dir=str(self.work_dir)[:500]))

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        """Write a picture, RGB (H, W, 3) uint8."""
        with self._writing() as mlflow:
            mlflow.log_image(image, f"{name}/iter_{step}.png")

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        """Write a number."""
        self.add_scalars({name: value}, step)

    def add_scalars(
        self,
        scalar_dict: dict[str, Any],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Write numbers of one step."""
        values = {key: float(value) for key, value in scalar_dict.items()}
        with self._writing() as mlflow:
            mlflow.log_metrics(values, step=step)

    def close(self) -> None:
        """End the run."""
        if hasattr(self, "_mlflow"):
            self._mlflow.end_run()
