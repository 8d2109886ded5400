from vortex_prefect.wire._pb import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TraceContext(_message.Message):
    __slots__ = ("trace_id", "span_id", "parent_span_id")
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    def __init__(self, trace_id: _Optional[bytes] = ..., span_id: _Optional[bytes] = ..., parent_span_id: _Optional[bytes] = ...) -> None: ...

class InputPort(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.Value]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[_Union[_tensor_pb2.Value, _Mapping]]] = ...) -> None: ...

class OutputPort(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: _tensor_pb2.Value
    def __init__(self, name: _Optional[str] = ..., value: _Optional[_Union[_tensor_pb2.Value, _Mapping]] = ...) -> None: ...

class JobSubmit(_message.Message):
    __slots__ = ("job_id", "execution_id", "node_id", "node_type", "attempt", "params_json", "inputs", "fingerprint", "trace_context", "links", "graph_json")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TRACE_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    GRAPH_JSON_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    execution_id: str
    node_id: str
    node_type: str
    attempt: int
    params_json: bytes
    inputs: _containers.RepeatedCompositeFieldContainer[InputPort]
    fingerprint: bool
    trace_context: TraceContext
    links: _containers.RepeatedCompositeFieldContainer[Link]
    graph_json: str
    def __init__(self, job_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., node_id: _Optional[str] = ..., node_type: _Optional[str] = ..., attempt: _Optional[int] = ..., params_json: _Optional[bytes] = ..., inputs: _Optional[_Iterable[_Union[InputPort, _Mapping]]] = ..., fingerprint: _Optional[bool] = ..., trace_context: _Optional[_Union[TraceContext, _Mapping]] = ..., links: _Optional[_Iterable[_Union[Link, _Mapping]]] = ..., graph_json: _Optional[str] = ...) -> None: ...

class Link(_message.Message):
    __slots__ = ("port", "outputs")
    PORT_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    port: str
    outputs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, port: _Optional[str] = ..., outputs: _Optional[_Iterable[str]] = ...) -> None: ...

class JobBatch(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobSubmit]
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobSubmit, _Mapping]]] = ...) -> None: ...

class JobError(_message.Message):
    __slots__ = ("code", "message", "traceback", "problems_json")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TRACEBACK_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_JSON_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    traceback: str
    problems_json: bytes
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., traceback: _Optional[str] = ..., problems_json: _Optional[bytes] = ...) -> None: ...

class JobResult(_message.Message):
    __slots__ = ("job_id", "outputs", "error", "started_ms", "finished_ms", "busy_ns", "mapped_ns", "checked_ns")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_MS_FIELD_NUMBER: _ClassVar[int]
    BUSY_NS_FIELD_NUMBER: _ClassVar[int]
    MAPPED_NS_FIELD_NUMBER: _ClassVar[int]
    CHECKED_NS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    outputs: _containers.RepeatedCompositeFieldContainer[OutputPort]
    error: JobError
    started_ms: int
    finished_ms: int
    busy_ns: int
    mapped_ns: _containers.RepeatedScalarFieldContainer[int]
    checked_ns: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, job_id: _Optional[str] = ..., outputs: _Optional[_Iterable[_Union[OutputPort, _Mapping]]] = ..., error: _Optional[_Union[JobError, _Mapping]] = ..., started_ms: _Optional[int] = ..., finished_ms: _Optional[int] = ..., busy_ns: _Optional[int] = ..., mapped_ns: _Optional[_Iterable[int]] = ..., checked_ns: _Optional[_Iterable[int]] = ...) -> None: ...

class JobProgress(_message.Message):
    __slots__ = ("job_id", "fraction", "note")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    fraction: float
    note: str
    def __init__(self, job_id: _Optional[str] = ..., fraction: _Optional[float] = ..., note: _Optional[str] = ...) -> None: ...

class JobLog(_message.Message):
    __slots__ = ("job_id", "level", "text", "at_ms")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    level: int
    text: bytes
    at_ms: int
    def __init__(self, job_id: _Optional[str] = ..., level: _Optional[int] = ..., text: _Optional[bytes] = ..., at_ms: _Optional[int] = ...) -> None: ...

class JobPreview(_message.Message):
    __slots__ = ("job_id", "jpeg")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    jpeg: bytes
    def __init__(self, job_id: _Optional[str] = ..., jpeg: _Optional[bytes] = ...) -> None: ...

class JobCancel(_message.Message):
    __slots__ = ("job_id", "unless_begun")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    UNLESS_BEGUN_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    unless_begun: bool
    def __init__(self, job_id: _Optional[str] = ..., unless_begun: _Optional[bool] = ...) -> None: ...

class ArenaRequest(_message.Message):
    __slots__ = ("nbytes",)
    NBYTES_FIELD_NUMBER: _ClassVar[int]
    nbytes: int
    def __init__(self, nbytes: _Optional[int] = ...) -> None: ...

class ArenaGrant(_message.Message):
    __slots__ = ("offset", "nbytes", "generation", "error")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    NBYTES_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    offset: int
    nbytes: int
    generation: int
    error: JobError
    def __init__(self, offset: _Optional[int] = ..., nbytes: _Optional[int] = ..., generation: _Optional[int] = ..., error: _Optional[_Union[JobError, _Mapping]] = ...) -> None: ...
