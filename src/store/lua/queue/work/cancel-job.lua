--[[
  Orders the worker of a job to stop. Who extends the lease gets the order; after its grace, the delivery process fails the job.
  Comes after holder.lua.

  KEYS  1 job  2 its lock  3 active  4 jobs that are being cancelled: a sorted set by when their graces end
  ARGV  1 id  2 reason  3 when the grace ends, in ms since 1970  4 the most orders of a queue
    5 how long the orders are kept, in ms
  Returns the order, [id, token, reason, grace's end] as JSON; or 0 there is no such job, 1 it is in line, 2 one of BullMQ's own
  workers has it, 3 there are too many orders, 4 it is finished
]]
local rcall = redis.call
-- The id may be that of another key of the queue, which is no hash.
if redis.pcall("HEXISTS", KEYS[1], "name") ~= 1 then return 0 end
local lock = redis.pcall("GET", KEYS[2])
local token = findHolder(type(lock) == "string" and lock, KEYS[3], ARGV[1], KEYS[1])
if not token then return rcall("HEXISTS", KEYS[1], "finishedOn") == 1 and 4 or 1 end
if string.sub(token, 1, 6) ~= "posta:" then return 2 end
for _, known in ipairs(rcall("ZRANGE", KEYS[4], 0, -1)) do
  -- A second order replaces the first.
  if cjson.decode(known)[2] == token then rcall("ZREM", KEYS[4], known) end
end
if rcall("ZCARD", KEYS[4]) >= tonumber(ARGV[4]) then return 3 end
local order = cjson.encode({ ARGV[1], token, ARGV[2], tonumber(ARGV[3]) })
rcall("ZADD", KEYS[4], ARGV[3], order)
-- A queue that nobody works on any more would keep its orders: only queues with active jobs are checked.
rcall("PEXPIRE", KEYS[4], ARGV[5])
return order
