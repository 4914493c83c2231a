--[[
  Looks for active jobs whose leases have ended, before BullMQ 6.7.0's moveStalledJobsToWait, whose text follows. BullMQ looks
  at what was active in its last check. A job of today's BullMQ has its lock from the moment in which it becomes active, so a
  job without one is lost now. Where none is lost, BullMQ's check is not needed: it takes ten times as long.

  KEYS, ARGV  those of moveStalledJobsToWait: KEYS[1] stalled, KEYS[3] active, ARGV[2] the start of the queue's keys
  Returns the ids of the jobs that were put back in line
]]
-- Lua passes at most some 8000 values to one command.
local slice, isLost = 1000, false
for from = 0, redis.call("LLEN", KEYS[3]) - 1, slice do
  local ids, locks = redis.call("LRANGE", KEYS[3], from, from + slice - 1), {}
  for index, id in ipairs(ids) do locks[index] = ARGV[2] .. id .. ":lock" end
  -- Their number costs less than the locks themselves.
  if redis.call("EXISTS", unpack(locks)) < #ids then
    for index, id in ipairs(ids) do
      if redis.call("EXISTS", locks[index]) == 0 then redis.call("SADD", KEYS[1], id) end
    end
    isLost = true
  end
end
if not isLost then return {} end

