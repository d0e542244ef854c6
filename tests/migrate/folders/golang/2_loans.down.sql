DROP INDEX loans_open;
DROP TABLE loans;
