"""What a host tells of tensors that come and go."""

from __future__ import annotations

from vortex_prefect.core.ids import is_id
from vortex_prefect.core.reports import TensorReport, report_from_dict
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.host.tensor_journal import TensorJournal
from vortex_prefect.shm.books import Change


def ref(generation: int) -> TensorRef:
    return TensorRef("h", generation, 4096, 64, (2, 3), "uint8", 0)


def test_changes_are_told_together_and_coming_before_going() -> None:
    told: list[TensorReport] = []
    journal = TensorJournal("h", told.append)
    journal.flush()
    assert told == []
    journal.note(Change("allocated", ref(1), "run", "blur"))
    journal.note(Change("evicted", ref(1), "room"))
    journal.note(Change("allocated", ref(2), "run"))
    journal.note(Change("evicted", ref(2), "dropped"))
    journal.flush()
    place = {"offset": 4096, "size_bytes": 64}
    came = {**place, "dtype": "uint8", "shape": [2, 3]}
    assert [(report.event, report.execution_id, report.reason, list(report.tensors)) for report in told] == [
        ("allocated", "run", None, [{"generation": 1, **came, "node_id": "blur"}, {"generation": 2, **came}]),
        ("evicted", None, "room", [{"generation": 1, **place}]),
        ("evicted", None, "dropped", [{"generation": 2, **place}]),
    ]
    assert all(is_id(report.event_id) and report.at_ms for report in told)
    assert [report_from_dict(report.to_dict()) for report in told] == told
    journal.flush()
    assert len(told) == 3


def test_a_report_tells_of_so_many_only() -> None:
    told: list[TensorReport] = []
    journal = TensorJournal("h", told.append)
    for generation in range(1, 601):
        journal.note(Change("allocated", ref(generation), "run"))
    journal.flush()
    assert [len(report.tensors) for report in told] == [250, 250, 100]
