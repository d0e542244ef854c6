DROP TRIGGER loans_returned;
DROP TABLE events;
