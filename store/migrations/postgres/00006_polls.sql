-- +goose Up
-- What a party votes on.
CREATE TABLE polls (
  id         UUID    PRIMARY KEY,
  party_id   UUID    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  by_id      UUID    NOT NULL REFERENCES users (id),
  kind       TEXT    NOT NULL CHECK (kind IN ('multiple_choice', 'yes_no', 'rating', 'text', 'ranking', 'quiz', 'prediction', 'word_cloud')),
  question   TEXT    NOT NULL,
  options    TEXT    NOT NULL,
  least      INTEGER NOT NULL,
  most       INTEGER NOT NULL,
  correct    TEXT    NOT NULL,
  visibility TEXT    NOT NULL CHECK (visibility IN ('always', 'voted', 'closed', 'never')),
  anonymous  BOOLEAN NOT NULL,
  moderated  BOOLEAN NOT NULL,
  timer_ms   BIGINT  NOT NULL CHECK (timer_ms >= 0),
  film_at    DOUBLE PRECISION,
  item_id    UUID,
  state      TEXT    NOT NULL CHECK (state IN ('draft', 'open', 'closed', 'resolved')),
  voters     BIGINT  NOT NULL DEFAULT 0 CHECK (voters >= 0),
  created_at BIGINT  NOT NULL,
  opened_at  BIGINT,
  closes_at  BIGINT,
  closed_at  BIGINT,
  version    INTEGER NOT NULL,
  CHECK (least <= most),
  CHECK ((state = 'draft') = (opened_at IS NULL)),
  CHECK ((state IN ('closed', 'resolved')) = (closed_at IS NOT NULL))
);
CREATE INDEX polls_party ON polls (party_id, created_at);

-- One answer a person.
CREATE TABLE poll_votes (
  poll_id UUID    NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
  user_id UUID    NOT NULL REFERENCES users (id),
  id      UUID    NOT NULL UNIQUE,
  choices TEXT    NOT NULL,
  rating  INTEGER NOT NULL,
  text    TEXT    NOT NULL,
  words   TEXT    NOT NULL,
  hidden  BOOLEAN NOT NULL,
  at      BIGINT  NOT NULL,
  PRIMARY KEY (poll_id, user_id)
);
CREATE INDEX poll_votes_user ON poll_votes (user_id);

-- The count, changed by the difference in the transaction of the vote.
CREATE TABLE poll_counts (
  poll_id UUID   NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
  slot    TEXT   NOT NULL,
  n       BIGINT NOT NULL CHECK (n >= 0),
  PRIMARY KEY (poll_id, slot)
);

-- Likes of written answers.
CREATE TABLE poll_likes (
  vote_id UUID NOT NULL REFERENCES poll_votes (id) ON DELETE CASCADE,
  user_id UUID NOT NULL REFERENCES users (id),
  PRIMARY KEY (vote_id, user_id)
);
CREATE INDEX poll_likes_user ON poll_likes (user_id);

-- +goose Down
DROP TABLE poll_likes;
DROP TABLE poll_counts;
DROP TABLE poll_votes;
DROP TABLE polls;
