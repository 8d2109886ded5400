"""Floor 4: the event log and the current state, on SQLAlchemy Core.

`open_store` gives a `SqlStore`, which implements `StorePort`; its units of work implement `UnitOfWork`. `reading`
is for those who only look.
"""

from vortex_prefect.store.reader import reading
from vortex_prefect.store.sql_store import SqlStore, open_store

__all__ = ["SqlStore", "open_store", "reading"]
