-- +goose Up
-- Uploaded films. The owner has no foreign key: a row that went by itself would
-- leave its file behind.
CREATE TABLE media (
  id          TEXT    PRIMARY KEY,
  owner_id    TEXT    NOT NULL,
  token       TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  title       TEXT    NOT NULL,
  size        BIGINT  NOT NULL CHECK (size > 0),
  type        TEXT    NOT NULL DEFAULT '',
  status      TEXT    NOT NULL CHECK (status IN ('uploading', 'ready', 'refused')),
  reason      TEXT    NOT NULL DEFAULT '',
  duration_ms BIGINT  NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
  width       INTEGER NOT NULL DEFAULT 0,
  height      INTEGER NOT NULL DEFAULT 0,
  created_at  BIGINT  NOT NULL,
  touched_at  BIGINT  NOT NULL,
  CHECK ((status = 'refused') = (reason <> ''))
);
CREATE INDEX media_owner ON media (owner_id);
CREATE INDEX media_idle ON media (status, touched_at);

-- +goose Down
DROP TABLE media;
