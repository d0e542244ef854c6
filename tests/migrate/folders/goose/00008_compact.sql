-- +goose NO TRANSACTION
-- +goose Up
VACUUM;
REINDEX books_isbn;
-- +goose Down
