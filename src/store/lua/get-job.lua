--[[
  Reads one job and where it is. A job that is in no set and not active must be in line: the line itself, which may be
  a million long, is not searched.

  KEYS
    1 the job's hash  2 completed  3 failed  4 delayed  5 prioritized  6 waiting-children  7 active
  ARGV
    1 the job's id
  Returns
    nil if there is no such job, else: state (BullMQ's word), score in that state's set or "", the hash's fields and values
]]
local job = redis.call("HGETALL", KEYS[1])
if #job == 0 then return nil end
local sets = { [2] = "completed", [3] = "failed", [4] = "delayed", [5] = "prioritized", [6] = "waiting-children" }
for key = 2, 6 do
  local score = redis.call("ZSCORE", KEYS[key], ARGV[1])
  if score then return { sets[key], score, job } end
end
if redis.call("LPOS", KEYS[7], ARGV[1]) then return { "active", "", job } end
return { "waiting", "", job }
