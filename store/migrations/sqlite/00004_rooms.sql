-- +goose Up
-- What a party's live room is picked up from. seq is the place of the last
-- event; fence grows with each new owner, and only the newest may write.
CREATE TABLE rooms (
  party_id   TEXT   PRIMARY KEY REFERENCES parties (id) ON DELETE CASCADE,
  epoch      TEXT   NOT NULL,
  seq        BIGINT NOT NULL DEFAULT 0,
  fence      BIGINT NOT NULL DEFAULT 0,
  owner      TEXT   NOT NULL DEFAULT '',
  playback   TEXT,
  pinned_id  TEXT,
  opened_at  BIGINT NOT NULL,
  CHECK (seq >= 0 AND fence >= 0)
);

-- Everything that lasts, in the room's order.
CREATE TABLE room_events (
  party_id TEXT   NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  seq      BIGINT NOT NULL,
  type     TEXT   NOT NULL,
  by_id    TEXT,
  op       TEXT,
  ref      TEXT,
  data     TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (party_id, seq)
);
-- A command is done once, whoever owns the room.
CREATE UNIQUE INDEX room_events_op ON room_events (party_id, by_id, op);

CREATE TABLE messages (
  id         TEXT    PRIMARY KEY,
  party_id   TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  seq        BIGINT  NOT NULL,
  user_id    TEXT    NOT NULL REFERENCES users (id),
  role       TEXT    NOT NULL,
  color      INTEGER NOT NULL,
  type       TEXT    NOT NULL CHECK (type IN ('text', 'system')),
  text       TEXT    NOT NULL,
  reply_id   TEXT,
  mentions   TEXT    NOT NULL,
  film_at    REAL,
  item_id    TEXT,
  op         TEXT    NOT NULL DEFAULT '',
  created_at BIGINT  NOT NULL,
  edited_at  BIGINT,
  deleted    BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE (party_id, seq)
);
CREATE INDEX messages_user ON messages (user_id);

-- +goose Down
DROP TABLE messages;
DROP TABLE room_events;
DROP TABLE rooms;
