"""Floor 4: the event log and the current state, on SQLAlchemy Core.

`open_store` gives a `SqlStore`, which implements `StorePort`; its units of work implement `UnitOfWork`.
"""

<<<<<<< HEAD
=======
from vortex_prefect.core.contracts import StoreStatistics
>>>>>>> 77acf92 (Figures of api and ws, and what they do not reach)
from vortex_prefect.store.sql_store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
