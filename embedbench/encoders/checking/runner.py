"""Run the conformance checks in a separate process, which an encoder may hang or crash."""

from collections.abc import Iterator

from embedbench.encoder import Encoder
from embedbench.encoders.checking.checks import CHECKS, Check, run_checks
from embedbench.encoders.registry import create_encoder
from embedbench.parallel.pool import NoAnswer, Pool, WorkerDied
from embedbench.utils.messages import picklable_errors
from embedbench.utils.offline import hub_environment

__all__ = ["run_checks_isolated"]

_held: list[Encoder] = []


def run_checks_isolated(spec: str, patience: float) -> Iterator[tuple[Check, str]]:
    """Yield each check with its error, an empty text if it passes.

    After a crash the remaining checks run in a new process; after a hang they are not run, as they
    would hang too.

    Args:
        spec: encoder, such as `timm:resnet18`.
        patience: time limit of one check in seconds.

    Raises:
        EmbedbenchError: unknown encoder, or one that cannot be checked.
    """
    environment = hub_environment(offline=False)
    waiting = list(CHECKS)
    while waiting:
        try:
            with Pool(1, environment, patience=patience) as pool:
                while waiting:
                    message = pool.call(_check, spec, CHECKS.index(waiting[0]))
                    yield waiting.pop(0), message
        except WorkerDied as error:
            yield waiting.pop(0), str(error)
        except NoAnswer as error:
            yield waiting.pop(0), str(error)
            yield from ((check, "not run: the one before hung") for check in waiting)
            return


@picklable_errors()
def _check(spec: str, number: int) -> str:
    if not _held:
        _held.append(create_encoder(spec))
    (message,) = run_checks(_held[0], [CHECKS[number]]).values()
    return message
