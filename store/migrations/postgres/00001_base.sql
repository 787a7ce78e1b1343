-- +goose Up
CREATE TABLE outbox (
  id    UUID   PRIMARY KEY,
  topic TEXT   NOT NULL,
  kind  TEXT   NOT NULL,
  data  TEXT   NOT NULL,
  at    BIGINT NOT NULL
);
CREATE INDEX outbox_at ON outbox (at);

CREATE TABLE jobs (
  id           UUID    PRIMARY KEY,
  kind         TEXT    NOT NULL,
  dedupe       TEXT    UNIQUE,
  payload      TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('ready', 'done', 'dead')),
  run_at       BIGINT  NOT NULL,
  attempt      INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  lease_until  BIGINT  NOT NULL DEFAULT 0,
  lease_by     TEXT    NOT NULL DEFAULT '',
  last_error   TEXT    NOT NULL DEFAULT '',
  created_at   BIGINT  NOT NULL,
  done_at      BIGINT
);
CREATE INDEX jobs_due ON jobs (state, run_at);

CREATE TABLE idempotency (
  user_id     TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  status      INTEGER NOT NULL,
  response    TEXT    NOT NULL,
  created_at  BIGINT  NOT NULL,
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE jobs;
DROP TABLE outbox;
