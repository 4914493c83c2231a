--[[
  What a key is and where a job is. Goes before scripts that read or remove jobs.
]]
local jobFields = { "timestamp", "ats", "atm", "stc", "progress", "failedReason" }

-- Whether a key is a job's hash: an id can be any text, and so name any other key of the queue. Only jobs have one of these fields,
-- even one of which little is left; meta has a field that no job has.
local function isJob(key)
  if redis.call("TYPE", key).ok ~= "hash" or redis.call("HEXISTS", key, "opts.maxLenEvents") == 1 then return false end
  for _, value in ipairs(redis.call("HMGET", key, unpack(jobFields))) do
    if value then return true end
  end
  return false
end

-- BullMQ's word for where a job is, or "orphaned" for one in no list, and its score in that state's set or "".
-- A search of a line takes a time of its length: a job in no set counts as waiting where more than maxLine jobs wait.
local function findState(start, id, maxLine)
  for _, set in ipairs({ "completed", "failed", "delayed", "prioritized", "waiting-children" }) do
    local score = redis.call("ZSCORE", start .. set, id)
    if score then return set, score end
  end
  if redis.call("LPOS", start .. "active", id) then return "active", "" end
  if redis.call("HEXISTS", start .. id, "finishedOn") == 1 then return "orphaned", "" end
  local lines = { start .. "wait", start .. "paused" }
  if redis.call("LLEN", lines[1]) + redis.call("LLEN", lines[2]) > maxLine then return "waiting", "" end
  for _, line in ipairs(lines) do
    if redis.call("LPOS", line, id) then return "waiting", "" end
  end
  return "orphaned", ""
end

