"""The few calls of the Spark Connect protocol that need no session of PySpark's.

They are about sessions of clients that are gone, or not there yet. The protocol is Spark's public
one: `spark/connect/base.proto`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from lakewright.errors import LakeError

USER = "lakewright"  # of all sessions; a session is known by user and number
_SECONDS = 10.0  # a server on the same machine answers at once, or it is not one


class Calls:
    """A channel to the server at a loopback port."""

    def __init__(self, port: int, token: str) -> None:
        # Large libraries, needed only where an engine is.
        import grpc
        from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc

        self._grpc: Any = grpc
        self._proto: Any = base_pb2
        credentials = grpc.composite_channel_credentials(
            grpc.local_channel_credentials(), grpc.access_token_call_credentials(token)
        )
        self._channel = grpc.secure_channel(f"localhost:{port}", credentials)
        self._stub: Any = base_pb2_grpc.SparkConnectServiceStub(self._channel)

    def version(self) -> str:
        """The server's Spark; LakeError LW673 when it does not answer, or not to this token."""
        request = self._request(self._proto.AnalyzePlanRequest, str(uuid.uuid4()))
        request.spark_version.SetInParent()
        return str(self._ask(self._stub.AnalyzePlan, request).spark_version.version)

    def changeable(self, keys: Iterable[str]) -> frozenset[str]:
        """Those settings that a session may change."""
        request = self._request(self._proto.ConfigRequest, str(uuid.uuid4()))
        request.operation.is_modifiable.keys.extend(sorted(keys))
        answer = self._ask(self._stub.Config, request)
        return frozenset(pair.key for pair in answer.pairs if pair.value == "true")

    def end_session(self, session: str, patience: float = 30.0) -> None:
        """Interrupt what runs in a session, wait until it has ended, and close the session.

        Nothing for a session that never was or is closed. LakeError LW673 when something still
        runs after `patience` seconds: then the session is left open.
        """
        ends = time.monotonic() + patience
        while self._runs(session):
            if time.monotonic() > ends:
                raise LakeError(
                    "LW673",
                    f"the warm Spark goes on with what it was told to stop, after {patience:.0f} s",
                    hint="`lakewright engine down --force` ends it with all that it does",
                )
            request = self._request(self._proto.InterruptRequest, session)
            request.interrupt_type = self._proto.InterruptRequest.INTERRUPT_TYPE_ALL
            self._call(self._stub.Interrupt, request)
            time.sleep(0.1)
        self._release(session)

    def close(self) -> None:
        self._channel.close()

    def _runs(self, session: str) -> bool:
        """Whether a thread of the server works for that session.

        Its state is *running* until the thread itself has said that it ended (ExecuteThreadRunner).
        """
        request = self._request(self._proto.GetStatusRequest, session)
        request.operation_status.SetInParent()
        try:
            answer = self._stub.GetStatus(request, timeout=_SECONDS)
        except self._grpc.RpcError as error:
            if "SESSION_NOT_FOUND" in error.details() or "SESSION_CLOSED" in error.details():
                return False
            raise self._silent(error) from error
        running = self._proto.GetStatusResponse.OperationStatus.OPERATION_STATE_RUNNING
        return any(operation.state == running for operation in answer.operation_statuses)

    def _ask(self, method: Callable[..., Any], request: Any) -> Any:
        """The answer to a request that is the only one of its session."""
        answer = self._call(method, request)
        self._release(request.session_id)
        return answer

    def _release(self, session: str) -> None:
        request = self._request(self._proto.ReleaseSessionRequest, session)
        self._call(self._stub.ReleaseSession, request)

    def _request(self, kind: Any, session: str) -> Any:
        request = kind(session_id=session)
        request.user_context.user_id = USER
        return request

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=_SECONDS)
        except self._grpc.RpcError as error:
            raise self._silent(error) from error

    def _silent(self, error: Any) -> LakeError:
        return LakeError(
            "LW673",
            f"the warm Spark does not answer: {error.code().name.lower()}",
            hint="`lakewright engine status` shows it, `lakewright engine down` ends it",
        )
