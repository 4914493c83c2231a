-- The id of the request that brought a message, as its caller gave it: delivery logs it with what becomes of the message.
ALTER TABLE messages ADD COLUMN request_id text;
