-- The tables of the first release, as it made them.
CREATE TABLE events (
	event_id CHAR(32) NOT NULL,
	sequence_number INTEGER NOT NULL,
	trace_id CHAR(32),
	span_id CHAR(32),
	event_type VARCHAR(64) NOT NULL,
	aggregate_type VARCHAR(32) NOT NULL,
	aggregate_id CHAR(32) NOT NULL,
	payload JSON NOT NULL,
	metadata JSON NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (sequence_number),
	UNIQUE (event_id)
);
CREATE INDEX ix_events_aggregate ON events (aggregate_id, sequence_number);
CREATE TABLE executions (
	id CHAR(32) NOT NULL,
	graph_id CHAR(32) NOT NULL,
	graph_hash VARCHAR(64) NOT NULL,
	status VARCHAR(16) NOT NULL,
	document JSON NOT NULL,
	options JSON NOT NULL,
	created_ms BIGINT NOT NULL,
	started_ms BIGINT,
	finished_ms BIGINT,
	flow_run_id TEXT,
	prefect_url TEXT,
	nodes JSON NOT NULL,
	"values" JSON NOT NULL,
	error JSON,
	idempotency_key TEXT,
	PRIMARY KEY (id),
	UNIQUE (idempotency_key)
);
CREATE INDEX ix_executions_graph ON executions (graph_id, created_ms, id);
CREATE INDEX ix_executions_status ON executions (status, created_ms, id);
CREATE INDEX ix_executions_created ON executions (created_ms, id);
CREATE TABLE graphs (
	id CHAR(32) NOT NULL,
	name TEXT NOT NULL,
	version BIGINT NOT NULL,
	document JSON NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX ix_graphs_updated ON graphs (updated_ms, id);
CREATE TABLE schema_version (
	version INTEGER NOT NULL,
	PRIMARY KEY (version)
);
CREATE TABLE settings (
	name VARCHAR(255) NOT NULL,
	value JSON NOT NULL,
	PRIMARY KEY (name)
);
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END;
INSERT INTO schema_version VALUES (1);
INSERT INTO events VALUES
	('0123456789abcdef0123456789abcdef', 1, NULL, '00000000000000000123456789abcdef', 'GraphCreated', 'Graph',
	 '11111111111111111111111111111111', '{"graph":{}}', '{"user":"ada"}', '2023-11-14 22:13:20.123000');
INSERT INTO graphs VALUES
	('11111111111111111111111111111111', 'old', 3, '{"nodes":{"a":{},"b":{}}}', 1, 2);
INSERT INTO executions VALUES
	('22222222222222222222222222222222', '11111111111111111111111111111111', 'x', 'queued', '{"nodes":{}}',
	 '{"priority":4}', 5, NULL, NULL, NULL, NULL, '{}', '{}', NULL, NULL);
