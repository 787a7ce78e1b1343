-- +goose Up
CREATE TABLE users (
  id            UUID PRIMARY KEY,
  site          TEXT   NOT NULL CHECK (site IN ('guest', 'user', 'agent', 'admin')),
  email         TEXT   UNIQUE,
  username      TEXT   NOT NULL UNIQUE,
  name          TEXT   NOT NULL,
  first_name    TEXT   NOT NULL DEFAULT '',
  last_name     TEXT   NOT NULL DEFAULT '',
  avatar        TEXT   NOT NULL DEFAULT '',
  password_hash TEXT   NOT NULL DEFAULT '',
  verified_at   BIGINT,
  disabled_at   BIGINT,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  version       INTEGER NOT NULL DEFAULT 1,
  CHECK (site = 'guest' OR email IS NOT NULL)
);

-- The words by which a person is found: by the start of any of them.
CREATE TABLE user_words (
  word    TEXT COLLATE "C" NOT NULL,
  user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_user ON user_words (user_id);

CREATE TABLE sessions (
  id         UUID PRIMARY KEY,
  user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  user_agent TEXT   NOT NULL DEFAULT '',
  ip         TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  last_seen  BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Every refresh token that a session ever had, hashed: a used one that comes
-- again is recognised.
CREATE TABLE refresh_tokens (
  hash       TEXT   PRIMARY KEY,
  session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  used_at    BIGINT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- What works once: links in mails and socket tickets, hashed.
CREATE TABLE one_time_tokens (
  hash       TEXT   PRIMARY KEY,
  purpose    TEXT   NOT NULL CHECK (purpose IN ('verify', 'reset', 'socket')),
  user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  session_id UUID REFERENCES sessions (id) ON DELETE CASCADE,
  email      TEXT   NOT NULL DEFAULT '',
  expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);

-- One row for a pair of people, whoever asked.
CREATE TABLE friendships (
  id           UUID PRIMARY KEY,
  low_id       UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  high_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  requester_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  status       TEXT   NOT NULL CHECK (status IN ('pending', 'accepted')),
  message      TEXT   NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  accepted_at  BIGINT,
  UNIQUE (low_id, high_id),
  CHECK (low_id < high_id),
  CHECK (requester_id = low_id OR requester_id = high_id)
);
CREATE INDEX friendships_high ON friendships (high_id);
CREATE INDEX friendships_requester ON friendships (requester_id);

CREATE TABLE blocks (
  blocker_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  blocked_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (blocker_id, blocked_id),
  CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_blocked ON blocks (blocked_id);

-- +goose Down
DROP TABLE blocks;
DROP TABLE friendships;
DROP TABLE one_time_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE user_words;
DROP TABLE users;
