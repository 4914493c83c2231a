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
if not isJob(KEYS[1]) then return nil end
local state, score = findState(ARGV[1], ARGV[2], tonumber(ARGV[3]))
local fields = ARGV[4] and redis.call("HMGET", KEYS[1], unpack(ARGV, 4)) or redis.call("HGETALL", KEYS[1])
return { state, score, fields }
