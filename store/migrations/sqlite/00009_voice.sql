-- +goose Up
-- How the voice room of a party is set, as JSON. No row: nobody has said.
CREATE TABLE voice_rooms (
  party_id   TEXT   PRIMARY KEY REFERENCES parties (id) ON DELETE CASCADE,
  settings   TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

-- Each stay of a person in a voice room.
CREATE TABLE voice_sessions (
  id        TEXT   PRIMARY KEY,
  party_id  TEXT   NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  user_id   TEXT   NOT NULL REFERENCES users (id),
  joined_at BIGINT NOT NULL,
  left_at   BIGINT,
  CHECK (left_at IS NULL OR left_at >= joined_at)
);
CREATE INDEX voice_sessions_party ON voice_sessions (party_id, joined_at);
CREATE INDEX voice_sessions_user ON voice_sessions (user_id);

CREATE TABLE screen_shares (
  id             TEXT    PRIMARY KEY,
  party_id       TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  user_id        TEXT    NOT NULL REFERENCES users (id),
  title          TEXT    NOT NULL,
  share_type     TEXT    NOT NULL CHECK (share_type IN ('screen', 'window', 'tab')),
  resolution     TEXT    NOT NULL,
  frame_rate     INTEGER NOT NULL CHECK (frame_rate BETWEEN 1 AND 60),
  annotate       BOOLEAN NOT NULL,
  remote_control BOOLEAN NOT NULL,
  recording      BOOLEAN NOT NULL,
  quality        TEXT    NOT NULL CHECK (quality IN ('low', 'medium', 'high')),
  audio          BOOLEAN NOT NULL,
  viewers        INTEGER NOT NULL,
  started_at     BIGINT  NOT NULL,
  ended_at       BIGINT,
  CHECK (ended_at IS NULL OR ended_at >= started_at)
);
CREATE INDEX screen_shares_party ON screen_shares (party_id, started_at);
CREATE INDEX screen_shares_user ON screen_shares (user_id);

-- +goose Down
DROP TABLE screen_shares;
DROP TABLE voice_sessions;
DROP TABLE voice_rooms;
