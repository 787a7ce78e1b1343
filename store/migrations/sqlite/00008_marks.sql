-- +goose Up
-- What is drawn over a film and lasts. points are pairs of fractions of the
-- film's frame, as JSON; until is when it fades, 0 is never.
CREATE TABLE marks (
  id       TEXT    PRIMARY KEY,
  party_id TEXT    NOT NULL REFERENCES parties (id) ON DELETE CASCADE,
  seq      BIGINT  NOT NULL,
  user_id  TEXT    NOT NULL REFERENCES users (id),
  item_id  TEXT,
  color    INTEGER NOT NULL,
  tool     TEXT    NOT NULL CHECK (tool IN ('pen', 'highlighter', 'arrow', 'rectangle', 'ellipse', 'text', 'pin')),
  points   TEXT    NOT NULL,
  text     TEXT    NOT NULL,
  number   INTEGER NOT NULL,
  film_at  REAL NOT NULL,
  at       BIGINT  NOT NULL,
  until    BIGINT  NOT NULL,
  UNIQUE (party_id, seq)
);
CREATE INDEX marks_user ON marks (user_id);

-- Who may draw, as JSON; NULL when nobody has said.
ALTER TABLE rooms ADD COLUMN draw TEXT;

-- +goose Down
ALTER TABLE rooms DROP COLUMN draw;
DROP TABLE marks;
