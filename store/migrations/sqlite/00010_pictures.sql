-- +goose Up
-- image is the address of a picture that a line shows, or empty.
ALTER TABLE messages ADD COLUMN image TEXT NOT NULL DEFAULT '';
CREATE INDEX messages_image ON messages (party_id, image) WHERE image <> '';

-- +goose Down
DROP INDEX messages_image;
ALTER TABLE messages DROP COLUMN image;
