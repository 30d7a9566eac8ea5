"""Parts of a model, its configuration, processor, tokenizer and weights, from hub or folder."""

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from embedbench.encoder import InputError, WeightsError, first_sentence
from embedbench_torch.hub import hub_reason

__all__ = ["Source"]

_SETTINGS = (".json", ".txt", ".model")


@dataclass(frozen=True)
class Source:
    """Where a model comes from; nothing that it reads can run code.

    Attributes:
        model: a name on the hub, or a folder that `save_pretrained` wrote.
        revision: a branch, tag or commit on the hub; empty for its newest.
        below: the folder in it that has the model; empty for itself.
    """

    model: str
    revision: str = ""
    below: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return Path(self.model).is_dir()

    @property
    def name(self) -> str:
        """The model by its name on the hub, or the folder's name."""
        return Path(self.model).resolve().name if self.is_local else self.model

    @property
    def folder(self) -> Path:
        """Where the files are, once they are fetched: the local folder, or the hub's in the cache.

        Raises:
            WeightsError: the cache does not hold them.
        """
        if not (config := self._file("config.json", local_files_only=True)):
            raise WeightsError(f"the files of '{self.model}' are no longer in the hub's cache")
        return config.parent

    def check(self) -> None:
        """Raise WeightsError where this is no folder and no name, InputError at odd revisions."""
        if self.is_local:
            if self.revision:
                raise InputError(
                    f"`revision` must be empty for a folder; not '{self.revision}', with the "
                    f"folder '{self.model}'"
                )
        elif Path(self.model).is_file():
            raise WeightsError(
                f"'{self.model}' is a file; give the folder that save_pretrained wrote"
            )
        elif self.model.count("/") > 1 or self.model.startswith(("/", ".", "~")):
            raise WeightsError(
                f"there is no folder '{self.model}'; the model must be a local folder or a name "
                "on the Hugging Face hub"
            )

    def located(self) -> "Source":
        """Return where the model is: here, or below where sentence-transformers keeps it.

        Raises:
            WeightsError: there is a pipeline of diffusers, or no model.
        """
        self.check()
        if self._file("config.json"):
            return self
        if modules := self._file("modules.json"):
            first = json.loads(modules.read_text())[0]
            if first.get("path"):
                return Source(self.model, self.revision, str(first["path"]))
        if self._file("model_index.json"):
            raise WeightsError(
                f"'{self.model}' is a pipeline of diffusers (model_index.json), which makes "
                "images; give a model that reads them, such as facebook/dinov2-small"
            )
        raise WeightsError(
            f"cannot load '{self.model}': it has no config.json; it must hold what "
            "save_pretrained writes"
        )

    def settings(self) -> dict[str, Any]:
        """Return the model's configuration as it is written.

        Raises:
            WeightsError: it cannot be had, or asks for code of its own.
        """
        from transformers import PretrainedConfig

        with_names: tuple[dict[str, Any], Any] = self._load(
            PretrainedConfig.get_config_dict, trust_remote_code=False
        )
        settings = with_names[0]
        if settings.get("auto_map"):
            raise WeightsError(
                f"'{self.model}' asks for code of its own (`auto_map` in its config.json), "
                "which is never run; use a model that transformers knows by itself"
            )
        return settings

    def load(self, kind: Any, **options: Any) -> Any:
        """Return what `kind.from_pretrained` reads here, of safetensors or tensors alone.

        Raises:
            WeightsError: it cannot be had or read.
        """
        return self._load(kind.from_pretrained, trust_remote_code=False, **options)

    def check_processor(self) -> None:
        """Raise WeightsError unless it says how images are prepared."""
        if self.is_local and not any(
            (self.folder / name).is_file()
            for name in ("preprocessor_config.json", "processor_config.json")
        ):
            raise WeightsError(
                f"'{self.model}' has no preprocessor_config.json, so nobody knows how its images "
                "are prepared; save that of the model it was made from beside it: "
                "AutoImageProcessor.from_pretrained(BASE).save_pretrained(FOLDER)"
            )

    def weights_files(self) -> Sequence[Path]:
        """Return the files of weights, and those that configure model, processor, tokenizer."""
        folder = self.folder
        weights = list(folder.glob("*.safetensors")) or list(folder.glob("*.bin"))
        settings = [path for path in folder.iterdir() if path.suffix in _SETTINGS]
        return sorted(weights) + sorted(settings)

    def licence(self) -> str | None:
        """Return the licence in the header of the model card, fetched if it was not."""
        from huggingface_hub import metadata_load

        card = Source(self.model, self.revision)._file("README.md")
        header = metadata_load(card) if card else None
        return str(header["license"]) if header and "license" in header else None

    def commit(self) -> str | None:
        """Return the commit that was read, as the hub's cache calls the folder; None for others."""
        top = self._top
        return top.name if top.parent.name == "snapshots" else None

    @property
    def _top(self) -> Path:
        """The folder of the whole model."""
        return self.folder.parents[len(Path(self.below).parts) - 1] if self.below else self.folder

    def _load(self, read: Any, **options: Any) -> Any:
        from transformers.utils import logging

        logging.disable_progress_bar()
        said = logging.get_verbosity()
        logging.set_verbosity_error()  # what the weights lack is checked by the caller
        if self.below:
            options["subfolder"] = self.below
        try:
            return read(self.model, revision=self.revision or None, **options)
        except (
            OSError,
            ValueError,
            RuntimeError,
            SafetensorError,
            pickle.UnpicklingError,
        ) as error:
            raise self._failure(error) from error
        finally:
            logging.set_verbosity(said)

    def _file(self, name: str, **options: bool) -> Path | None:
        """Return a file here, fetched if need be; None where there is none.

        Raises:
            WeightsError: the hub did not say whether there is.
        """
        from transformers.utils.hub import cached_file

        try:
            path = cached_file(
                self.model,
                name,
                revision=self.revision or None,
                subfolder=self.below,
                # Without it an unreachable hub is no error; config.json, if absent, is none anyhow.
                _raise_exceptions_for_missing_entries=name == "config.json",
                **options,
            )
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        return Path(path) if path else None

    def _failure(self, error: Exception) -> WeightsError:
        if self.is_local:
            reason = f"{first_sentence(error)}; the folder must hold what save_pretrained writes"
        else:
            reason = f"there is no folder of this name, and {hub_reason(error)}"
        return WeightsError(f"cannot load '{self.model}': {reason}")
