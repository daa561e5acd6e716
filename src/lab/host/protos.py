"""The messages that the host and Microsoft's runtime exchange, as plain classes.

Names and fields are those of the Functions worker protocol (FunctionRpc.proto). The real host and worker talk gRPC;
here both live in one process, and the runtime takes whatever classes it is given: this module is what it is given.
"""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RpcException:
    """What a function raised: `message` is "Type: text", `stack_trace` the whole traceback."""

    message: str
    stack_trace: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class StatusResult:
    """Whether a request succeeded; `exception` says why not."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, slots=True)
class NullableString:
    """A string that may be absent."""

    value: str


@dataclass(frozen=True, slots=True)
class NullableBool:
    """A boolean that may be absent."""

    value: bool


@dataclass(frozen=True, slots=True)
class NullableDouble:
    """A number that may be absent."""

    value: float


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment, in whole seconds since 1970."""

    seconds: int


@dataclass(frozen=True, slots=True)
class NullableTimestamp:
    """A moment that may be absent."""

    value: Timestamp


@dataclass(frozen=True, slots=True)
class RpcHttpCookie:
    """One cookie of a response; the attributes of RFC 6265 section 4.1.2, absent when None."""

    # The member is called None in the protocol, which Python's class syntax cannot spell.
    SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None


@dataclass(frozen=True, slots=True)
class TypedData:
    """A value on its way in or out of a function: at most one field is set; none at all is an empty value."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    http: "RpcHttp | None" = None
    int: builtins.int | None = None
    double: float | None = None

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's own name, which the runtime calls
        """The name of the field that is set, or None; `group` is "data", the only group there is."""
        if group != "data":
            raise ValueError(f"TypedData has no group {group!r}")
        kinds = ("string", "json", "bytes", "http", "int", "double")
        return next((kind for kind in kinds if getattr(self, kind) is not None), None)


@dataclass(frozen=True, slots=True)
class RpcHttp:
    """A request (method, url, query, params, body) or a response (status_code, headers, cookies, body)."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = TypedData()
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    status_code: str = ""
    cookies: Sequence[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass(frozen=True, slots=True)
class ParameterBinding:
    """One named value of an invocation, carried in the message (the protocol's other way is shared memory)."""

    name: str
    data: TypedData

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - as above
        """The kind of carriage: always "data"; `group` is "rpc_data"."""
        if group != "rpc_data":
            raise ValueError(f"ParameterBinding has no group {group!r}")
        return "data"


@dataclass(frozen=True, slots=True)
class BindingInfo:
    """Type and direction of one binding; the numbers are the protocol's."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    data_type: int | None = None
    direction: int = 0


@dataclass(frozen=True, slots=True)
class RpcRetryOptions:
    """The retry policy a function declares."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RpcFunctionMetadata:
    """One indexed function; `raw_bindings` are its bindings as the JSON objects of a function.json."""

    name: str
    function_id: str
    directory: str
    script_file: str
    entry_point: str
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    managed_dependency_enabled: bool = False
    is_proxy: bool = False
    retry_options: RpcRetryOptions | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerMetadata:
    """What the runtime is and runs on."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkerInitResponse:
    """Answer to the first request, which also indexes the app."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, slots=True)
class FunctionMetadataResponse:
    """The indexed functions; None when there is no script or it declares none."""

    result: StatusResult
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    use_default_metadata_indexing: bool


@dataclass(frozen=True, slots=True)
class FunctionLoadResponse:
    """Answer to the request that loads one function."""

    function_id: str
    result: StatusResult


@dataclass(frozen=True, slots=True)
class InvocationResponse:
    """What came of one call: the return value and what was set on output parameters."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
