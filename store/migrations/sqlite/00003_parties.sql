-- +goose Up
CREATE TABLE parties (
  id                 TEXT    PRIMARY KEY,
  room_code          TEXT    NOT NULL UNIQUE,
  title              TEXT    NOT NULL,
  description        TEXT    NOT NULL DEFAULT '',
  search             TEXT    NOT NULL,
  visibility         TEXT    NOT NULL CHECK (visibility IN ('public', 'friends', 'private')),
  status             TEXT    NOT NULL CHECK (status IN ('scheduled', 'live', 'paused', 'ended', 'cancelled')),
  host_id            TEXT    NOT NULL REFERENCES users (id),
  founder_id         TEXT    NOT NULL REFERENCES users (id),
  max_participants   INTEGER NOT NULL CHECK (max_participants BETWEEN 2 AND 100),
  seats              INTEGER NOT NULL,
  require_approval   BOOLEAN NOT NULL,
  allow_chat         BOOLEAN NOT NULL,
  allow_reactions    BOOLEAN NOT NULL,
  allow_join_by_code BOOLEAN NOT NULL,
  locked             BOOLEAN NOT NULL,
  wait_for_slow      BOOLEAN NOT NULL,
  control            TEXT    NOT NULL CHECK (control IN ('everyone', 'hosts', 'ask')),
  slow_mode_ms       BIGINT  NOT NULL,
  current_item       TEXT,
  scheduled_start    BIGINT,
  started_at         BIGINT,
  ended_at           BIGINT,
  created_at         BIGINT  NOT NULL,
  updated_at         BIGINT  NOT NULL,
  version            INTEGER NOT NULL DEFAULT 1,
  CHECK (seats >= 0 AND seats <= max_participants)
);
CREATE INDEX parties_public ON parties (visibility, status, created_at);
CREATE INDEX parties_host ON parties (host_id, created_at);

-- One row for a person and a party, for good: what he is there and was.
-- Guests are members, too: that they are guests is said by their users row.
CREATE TABLE party_members (
  id        TEXT    PRIMARY KEY,
  party_id  TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  user_id   TEXT    NOT NULL REFERENCES users (id),
  role      TEXT    NOT NULL CHECK (role IN ('member', 'co-host', 'host')),
  standing  TEXT    NOT NULL CHECK (standing IN ('approved', 'pending', 'rejected', 'left', 'banned')),
  color     INTEGER NOT NULL CHECK (color BETWEEN 0 AND 11),
  note      TEXT    NOT NULL DEFAULT '',
  until     BIGINT,
  device    TEXT    NOT NULL DEFAULT '',
  invite_id TEXT,
  joined_at BIGINT  NOT NULL,
  UNIQUE (party_id, user_id),
  CHECK (role = 'member' OR standing = 'approved')
);
CREATE UNIQUE INDEX party_members_host ON party_members (party_id) WHERE role = 'host';
CREATE INDEX party_members_user ON party_members (user_id, standing);
CREATE INDEX party_members_device ON party_members (party_id, device) WHERE device <> '';

CREATE TABLE party_invites (
  id         TEXT    PRIMARY KEY,
  party_id   TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  code_hash  TEXT    NOT NULL UNIQUE,
  created_by TEXT    NOT NULL REFERENCES users (id),
  created_at BIGINT  NOT NULL,
  expires_at BIGINT  NOT NULL,
  max_uses   INTEGER NOT NULL CHECK (max_uses >= 0),
  uses       INTEGER NOT NULL DEFAULT 0,
  revoked_at BIGINT,
  CHECK (uses >= 0 AND (max_uses = 0 OR uses <= max_uses))
);
CREATE INDEX party_invites_party ON party_invites (party_id, created_at);

CREATE TABLE party_items (
  id          TEXT    PRIMARY KEY,
  party_id    TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  title       TEXT    NOT NULL,
  kind        TEXT    NOT NULL CHECK (kind IN ('sample', 'url', 'hls', 'upload')),
  url         TEXT    NOT NULL,
  thumbnail   TEXT    NOT NULL DEFAULT '',
  duration_ms BIGINT  NOT NULL DEFAULT 0,
  media_id    TEXT,
  added_by    TEXT    NOT NULL REFERENCES users (id),
  position    INTEGER NOT NULL CHECK (position >= 0)
);
CREATE INDEX party_items_order ON party_items (party_id, position);

-- +goose Down
DROP TABLE party_items;
DROP TABLE party_invites;
DROP TABLE party_members;
DROP TABLE parties;
