--[[
  Removes those keys of an obliterated queue that BullMQ 6.7.0's obliterate leaves: jobs that are in no list, what belonged to jobs that
  are gone, deduplication ids, limits. Jobs that came since then stay, with all that is theirs. Runs behind BullMQ's own removeJob and
  job-state.lua.

  KEYS
    1 meta
  ARGV
    1 the start of the queue's keys  2 when the obliteration began, in ms since 1970  3... keys, without that start
  Returns
    how many of the keys were removed
]]
local start, begun = ARGV[1], tonumber(ARGV[2])
local isThereAgain = redis.call("EXISTS", KEYS[1]) == 1

-- What belongs to one job, behind its key and a ':', and of which type it is. A key of another type is not BullMQ's.
local ofJobs = {
  lock = "string", logs = "list", dependencies = "set", processed = "hash", failed = "hash", unsuccessful = "zset",
}
local ofQueue = {}
for _, name in ipairs({
  "delay", "events", "id", "limiter", "marker", "pc", "priority", "stalled", "stalled-check", "waiting-children", "posta-cancels",
  "metrics:completed", "metrics:completed:data", "metrics:failed", "metrics:failed:data",
}) do ofQueue[name] = true end

local function exists(name) return redis.call("EXISTS", start .. name) == 1 end

local function isLostJob(id)
  if not hasUsualColons(id) then return false end
  local added = tonumber(redis.call("HGET", start .. id, "timestamp") or nil)
  if added and added > begun then return false end
  return findState(start, id, math.huge) == "orphaned"
end

local function isLeftOver(name, kind)
  if ofQueue[name] then return not isThereAgain end
  local job, part = string.match(name, "^(.+):(%l+)$")
  if part and ofJobs[part] == kind then return not exists(job) end
  local id = string.match(name, "^de:(.+)$")
  if id and kind == "string" then return not exists(redis.call("GET", start .. name)) end
  id = string.match(name, "^dn:(.+)$")
  if id then return not exists("de:" .. id) end
  id = string.match(name, "^repeat:(.+)$")
  if id and kind == "hash" then return not redis.call("ZSCORE", start .. "repeat", id) end
  return false
end

local removed = 0
for index = 3, #ARGV do
  local name = ARGV[index]
  local key = start .. name
  if isJob(key) then
    if isLostJob(name) then
      removeJob(name, true, start, true)
      redis.call("DEL", key .. ":lock")
      removed = removed + 1
    end
  elseif isLeftOver(name, redis.call("TYPE", key).ok) then
    removed = removed + redis.call("DEL", key)
  end
end
return removed
