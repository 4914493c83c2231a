--[[
  What a key is and where a job is. Goes before scripts that read or remove jobs.
]]
local jobFields = { "timestamp", "ats", "atm", "stc", "progress", "failedReason" }

-- Whether a key is a job's hash: an id can be any text, and so name any other key of the queue. Only jobs have one of these fields,
-- even one of which little is left; meta has a field that no job has.
local function isJob(key)
  local values = redis.pcall("HMGET", key, "opts.maxLenEvents", unpack(jobFields))
  if values.err or values[1] then return false end
  for index = 2, #values do
    if values[index] then return true end
  end
  return false
end

-- An id has no ':' or, as BullMQ demands, two: what else looks like a job may be of another prefix, as "bull:emails", if it is in no list.
local function hasUsualColons(id)
  local _, colons = string.gsub(id, ":", "")
  return colons == 0 or colons == 2
end

-- BullMQ's word for where a job is, or "orphaned" for one in no list; its score in that state's set or ""; and whether it was found there.
-- To search a line takes a time of its length: a job in no set counts as waiting where more than maxLine jobs wait.
local function findState(start, id, maxLine)
  for _, set in ipairs({ "completed", "failed", "delayed", "prioritized", "waiting-children" }) do
    local score = redis.call("ZSCORE", start .. set, id)
    if score then return set, score, true end
  end
  if redis.call("LPOS", start .. "active", id) then return "active", "", true end
  local isSearched = true
  for _, line in ipairs({ start .. "wait", start .. "paused" }) do
    local length = redis.call("LLEN", line)
    if length > maxLine then
      isSearched = false
    elseif length > 0 and redis.call("LPOS", line, id) then
      return "waiting", "", true
    end
  end
  -- What has ended and is in no set never waits again.
  if isSearched or redis.pcall("HEXISTS", start .. id, "finishedOn") == 1 then return "orphaned", "", false end
  return "waiting", "", false
end

