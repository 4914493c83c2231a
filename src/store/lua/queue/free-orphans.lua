--[[
  Makes way for jobs from the spool: removes jobs of the same ids and contents that are in no list, and deduplication ids of such jobs. A job
  in no list never runs, so one from the spool that counted as its duplicate would be lost. Runs behind BullMQ's own removeJob and
  job-state.lua.

  KEYS
    1 meta, which tells a cluster where they are
  ARGV
    1 the start of the queue's keys  2 how long a line may be that is searched
    3... of each job: its id, its name, its data, its deduplication id or ""
  Returns
    nothing
]]
local start, maxLine = ARGV[1], tonumber(ARGV[2])

local function isOrphan(id)
  return hasUsualColons(id) and isJob(start .. id) and findState(start, id, maxLine) == "orphaned"
end

for at = 3, #ARGV, 4 do
  local id, name, data, deduplicationId = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if isOrphan(id) then
    local kept = redis.call("HMGET", start .. id, "name", "data")
    if kept[1] == name and kept[2] == data then
      removeJob(id, true, start, true)
      redis.call("DEL", start .. id .. ":lock")
    end
  end
  if deduplicationId ~= "" then
    local key = start .. "de:" .. deduplicationId
    local first = redis.pcall("GET", key)
    if type(first) == "string" and isOrphan(first) then redis.call("DEL", key) end
  end
end
