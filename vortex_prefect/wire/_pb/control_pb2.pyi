from vortex_prefect.wire._pb import job_pb2 as _job_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Handshake(_message.Message):
    __slots__ = ("protocol", "worker_id", "pid", "device", "catalogue_json", "host_id", "arena_path", "output_dir", "state_dir", "error", "capabilities", "index", "beat_ms", "spin_us", "open_folders", "closed_folders", "base_folder", "checksums")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_JSON_FIELD_NUMBER: _ClassVar[int]
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    ARENA_PATH_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_DIR_FIELD_NUMBER: _ClassVar[int]
    STATE_DIR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    BEAT_MS_FIELD_NUMBER: _ClassVar[int]
    SPIN_US_FIELD_NUMBER: _ClassVar[int]
    OPEN_FOLDERS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FOLDERS_FIELD_NUMBER: _ClassVar[int]
    BASE_FOLDER_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    worker_id: str
    pid: int
    device: str
    catalogue_json: bytes
    host_id: str
    arena_path: str
    output_dir: str
    state_dir: str
    error: _job_pb2.JobError
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    index: int
    beat_ms: int
    spin_us: int
    open_folders: _containers.RepeatedScalarFieldContainer[str]
    closed_folders: _containers.RepeatedScalarFieldContainer[str]
    base_folder: str
    checksums: str
    def __init__(self, protocol: _Optional[int] = ..., worker_id: _Optional[str] = ..., pid: _Optional[int] = ..., device: _Optional[str] = ..., catalogue_json: _Optional[bytes] = ..., host_id: _Optional[str] = ..., arena_path: _Optional[str] = ..., output_dir: _Optional[str] = ..., state_dir: _Optional[str] = ..., error: _Optional[_Union[_job_pb2.JobError, _Mapping]] = ..., capabilities: _Optional[_Iterable[str]] = ..., index: _Optional[int] = ..., beat_ms: _Optional[int] = ..., spin_us: _Optional[int] = ..., open_folders: _Optional[_Iterable[str]] = ..., closed_folders: _Optional[_Iterable[str]] = ..., base_folder: _Optional[str] = ..., checksums: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("tick", "rss_bytes", "device", "device_bytes", "device_free_bytes", "residents", "probe", "trim")
    TICK_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESIDENTS_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    TRIM_FIELD_NUMBER: _ClassVar[int]
    tick: int
    rss_bytes: int
    device: str
    device_bytes: int
    device_free_bytes: int
    residents: _containers.RepeatedScalarFieldContainer[str]
    probe: bool
    trim: bool
    def __init__(self, tick: _Optional[int] = ..., rss_bytes: _Optional[int] = ..., device: _Optional[str] = ..., device_bytes: _Optional[int] = ..., device_free_bytes: _Optional[int] = ..., residents: _Optional[_Iterable[str]] = ..., probe: _Optional[bool] = ..., trim: _Optional[bool] = ...) -> None: ...

class ControlPacket(_message.Message):
    __slots__ = ("request_id", "timestamp", "trace_context", "job_submit", "job_result", "handshake", "heartbeat", "job_progress", "job_cancel", "arena_request", "arena_grant", "job_log", "job_batch", "job_preview")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TRACE_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    JOB_SUBMIT_FIELD_NUMBER: _ClassVar[int]
    JOB_RESULT_FIELD_NUMBER: _ClassVar[int]
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    JOB_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    JOB_CANCEL_FIELD_NUMBER: _ClassVar[int]
    ARENA_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ARENA_GRANT_FIELD_NUMBER: _ClassVar[int]
    JOB_LOG_FIELD_NUMBER: _ClassVar[int]
    JOB_BATCH_FIELD_NUMBER: _ClassVar[int]
    JOB_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    timestamp: int
    trace_context: _job_pb2.TraceContext
    job_submit: _job_pb2.JobSubmit
    job_result: _job_pb2.JobResult
    handshake: Handshake
    heartbeat: Heartbeat
    job_progress: _job_pb2.JobProgress
    job_cancel: _job_pb2.JobCancel
    arena_request: _job_pb2.ArenaRequest
    arena_grant: _job_pb2.ArenaGrant
    job_log: _job_pb2.JobLog
    job_batch: _job_pb2.JobBatch
    job_preview: _job_pb2.JobPreview
    def __init__(self, request_id: _Optional[str] = ..., timestamp: _Optional[int] = ..., trace_context: _Optional[_Union[_job_pb2.TraceContext, _Mapping]] = ..., job_submit: _Optional[_Union[_job_pb2.JobSubmit, _Mapping]] = ..., job_result: _Optional[_Union[_job_pb2.JobResult, _Mapping]] = ..., handshake: _Optional[_Union[Handshake, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., job_progress: _Optional[_Union[_job_pb2.JobProgress, _Mapping]] = ..., job_cancel: _Optional[_Union[_job_pb2.JobCancel, _Mapping]] = ..., arena_request: _Optional[_Union[_job_pb2.ArenaRequest, _Mapping]] = ..., arena_grant: _Optional[_Union[_job_pb2.ArenaGrant, _Mapping]] = ..., job_log: _Optional[_Union[_job_pb2.JobLog, _Mapping]] = ..., job_batch: _Optional[_Union[_job_pb2.JobBatch, _Mapping]] = ..., job_preview: _Optional[_Union[_job_pb2.JobPreview, _Mapping]] = ...) -> None: ...
