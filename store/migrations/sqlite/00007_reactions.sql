-- +goose Up
-- Every reaction that was thrown, to be shown again at its second of the film.
CREATE TABLE reactions (
  id       TEXT   PRIMARY KEY,
  party_id TEXT   NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  item_id  TEXT,
  user_id  TEXT   NOT NULL REFERENCES users (id),
  emoji    TEXT   NOT NULL,
  x        REAL NOT NULL,
  y        REAL NOT NULL,
  film_at  REAL NOT NULL,
  at       BIGINT NOT NULL,
  CHECK (x BETWEEN 0 AND 1 AND y BETWEEN 0 AND 1 AND film_at >= 0)
);
CREATE INDEX reactions_film ON reactions (party_id, item_id, film_at);
CREATE INDEX reactions_user ON reactions (user_id);

-- What each person did at a party, over all visits.
CREATE TABLE party_sessions (
  party_id   TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  user_id    TEXT    NOT NULL REFERENCES users (id),
  reactions  INTEGER NOT NULL DEFAULT 0,
  polls      INTEGER NOT NULL DEFAULT 0,
  marks      INTEGER NOT NULL DEFAULT 0,
  watch_ms   BIGINT  NOT NULL DEFAULT 0,
  voice_ms   BIGINT  NOT NULL DEFAULT 0,
  share_ms   BIGINT  NOT NULL DEFAULT 0,
  started_at BIGINT  NOT NULL,
  ended_at   BIGINT,
  PRIMARY KEY (party_id, user_id),
  CHECK (reactions >= 0 AND polls >= 0 AND marks >= 0 AND watch_ms >= 0 AND voice_ms >= 0 AND share_ms >= 0)
);
CREATE INDEX party_sessions_user ON party_sessions (user_id);

-- Who saw which minute of a film: counted, the curve of who stayed.
CREATE TABLE party_minutes (
  party_id TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  item_id  TEXT    NOT NULL,
  minute   INTEGER NOT NULL CHECK (minute >= 0),
  user_id  TEXT    NOT NULL REFERENCES users (id),
  PRIMARY KEY (party_id, item_id, minute, user_id)
);
CREATE INDEX party_minutes_user ON party_minutes (user_id);

CREATE TABLE party_stats (
  party_id    TEXT    PRIMARY KEY REFERENCES parties (id) ON DELETE CASCADE,
  peak        INTEGER NOT NULL DEFAULT 0,
  peak_at     BIGINT,
  together_ms BIGINT  NOT NULL DEFAULT 0,
  CHECK (peak >= 0 AND together_ms >= 0)
);

-- +goose Down
DROP TABLE party_stats;
DROP TABLE party_minutes;
DROP TABLE party_sessions;
DROP TABLE reactions;
