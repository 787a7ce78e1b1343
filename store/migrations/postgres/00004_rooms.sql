-- +goose Up
-- What a party's live room is picked up from. seq is the place of the last
-- event; fence grows with each new owner, and only the newest may write.
CREATE TABLE rooms (
  party_id   UUID   PRIMARY KEY REFERENCES parties (id) ON DELETE CASCADE,
  epoch      TEXT   NOT NULL,
  seq        BIGINT NOT NULL DEFAULT 0,
  fence      BIGINT NOT NULL DEFAULT 0,
  owner      TEXT   NOT NULL DEFAULT '',
  playback   TEXT,
  pinned_id  UUID,
  opened_at  BIGINT NOT NULL,
  CHECK (seq >= 0 AND fence >= 0)
);

-- Everything that lasts, in the room's order.
CREATE TABLE room_events (
  party_id UUID   NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  seq      BIGINT NOT NULL,
  type     TEXT   NOT NULL,
  by_id    UUID,
  op       TEXT,
  ref      UUID,
  data     TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (party_id, seq)
);
-- A command is done once, whoever owns the room.
CREATE UNIQUE INDEX room_events_op ON room_events (party_id, by_id, op);

CREATE TABLE messages (
  id         UUID    PRIMARY KEY,
  party_id   UUID    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  seq        BIGINT  NOT NULL,
  user_id    UUID    NOT NULL REFERENCES users (id),
  role       TEXT    NOT NULL,
  color      INTEGER NOT NULL,
  type       TEXT    NOT NULL CHECK (type IN ('text', 'system')),
  text       TEXT    NOT NULL,
  reply_id   UUID,
  mentions   TEXT    NOT NULL,
  film_at    DOUBLE PRECISION,
  item_id    UUID,
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
