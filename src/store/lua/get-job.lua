--[[
  Reads one job and where it is. Runs behind job-state.lua.

  KEYS
    1 the job's hash
  ARGV
    1 the start of the queue's keys  2 the job's id  3 how long a line may be that is searched for the job
    4... the fields to read; none: all
  Returns
    nil if there is no such job, else: state ("orphaned": in no list, else BullMQ's word), score in that state's set or "",
    the hash's fields and values, or the values of the fields that were asked for
]]
local state, score, isFound = findState(ARGV[1], ARGV[2], tonumber(ARGV[3]))
if not isFound and not isJob(KEYS[1]) then return nil end
if ARGV[4] then
  local values = redis.pcall("HMGET", KEYS[1], unpack(ARGV, 4))
  if values.err or redis.call("EXISTS", KEYS[1]) == 0 then return nil end
  return { state, score, values }
end
local job = redis.pcall("HGETALL", KEYS[1])
if job.err or #job == 0 then return nil end
return { state, score, job }
