"""Telling people of a failed build: a command of the operator's, or a webhook."""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
from dataclasses import asdict, dataclass

from etl.schedule import Failure

_log = logging.getLogger(__name__)
_COMMAND_TIMEOUT_S = 60.0
_WEBHOOK_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Notifier:
    """Passes failures on. What cannot be passed on is an error in the log: the failure itself is recorded already.

    Args:
        command: words as a shell writes them, run without a shell; it gets the failure as JSON on standard input and
            as `TARGETGRAPH_FAILED_JOB` and `TARGETGRAPH_FAILED_REASON`.
        webhook: an address that gets the failure as JSON by POST, with a sentence in `text`. It may hold a secret, so
            it is never written to a log.
    """

    command: str | None = None
    webhook: str | None = None

    def __call__(self, failure: Failure) -> None:
        """Pass a failure on."""
        document = {"text": f"TargetGraph: {failure.sentence()}", **asdict(failure)}
        if self.command:
            _run(self.command, failure, document)
        if self.webhook:
            _post(self.webhook, document)


def _run(command: str, failure: Failure, document: dict[str, object]) -> None:
    told = {"TARGETGRAPH_FAILED_JOB": failure.job, "TARGETGRAPH_FAILED_REASON": failure.reason}
    try:
        done = subprocess.run(
            shlex.split(command),
            input=json.dumps(document),
            text=True,
            capture_output=True,
            check=False,
            timeout=_COMMAND_TIMEOUT_S,
            env={**os.environ, **told},
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        _log.error("the command for failures could not be run: %s", error)
        return
    if done.returncode:
        _log.error("the command for failures ended with status %d: %s", done.returncode, done.stderr.strip()[:500])


def _post(address: str, document: dict[str, object]) -> None:
    import httpx2

    try:
        answer = httpx2.post(address, json=document, timeout=_WEBHOOK_TIMEOUT_S)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        # The words of the error may repeat the address.
        _log.error("the webhook for failures could not be reached: %s", type(error).__name__)
        return
    if answer.status_code >= 300:
        _log.error("the webhook for failures answered with status %d", answer.status_code)
