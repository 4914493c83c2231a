--[[
  Removes those jobs of one chunk of a list or a sorted set that are old enough, by the rules of BullMQ 6.7.0's cleanJobsInSet: the
  next run of a schedule stays. The script runs behind BullMQ's own getTimestamp, isJobSchedulerJob and removeJob.

  The chunks go from the jobs that are next in line to the last ones. The last job that was kept marks where the next chunk begins,
  because workers take jobs and producers add some between two chunks.

  KEYS
    1 the list or sorted set  2 events  3 repeat
  ARGV
    1 the start of the queue's keys  2 "list" or "set"
    3 remove jobs of this time or before, in ms since 1970; "": all  4 remove at most so many  5 look at so many
    6 how many jobs before this chunk were kept  7 the id of the last of them, or ""  8 its score; "" in a list
    9... the fields that tell a job's time: the first that the job has counts; none: its score is its time
  Returns
    how many jobs were removed, 1 if the end was reached (else 0),
    then arguments 6 to 8 for the next chunk
]]
local key, prefix, isList = KEYS[1], ARGV[1], ARGV[2] == "list"
local notAfter, limit, chunk = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local kept, mark, score = tonumber(ARGV[6]), ARGV[7], ARGV[8]
local timeFields = {}
for index = 9, #ARGV do timeFields[#timeFields + 1] = ARGV[index] end

-- How many jobs stand before the chunk. If the mark is gone from a list, workers took it and all before it.
local function passed()
  if mark == "" then return 0 end
  if not isList then
    if rcall("ZSCORE", key, mark) == score then return rcall("ZRANK", key, mark) + 1 end
    return rcall("ZCOUNT", key, "-inf", "(" .. score)
  end
  if rcall("LINDEX", key, -kept) == mark then return kept end
  local index = rcall("LPOS", key, mark, "RANK", -1)
  return index and rcall("LLEN", key) - index or 0
end

-- The ids of the chunk, next in line first. A list's next job stands at its right end.
local function read(start)
  if #timeFields == 0 then return rcall("ZRANGEBYSCORE", key, "-inf", notAfter or "+inf", "LIMIT", start, chunk) end
  if not isList then return rcall("ZRANGE", key, start, start + chunk - 1) end
  local found, ids = rcall("LRANGE", key, -start - chunk, -1 - start), {}
  for index = #found, 1, -1 do ids[#ids + 1] = found[index] end
  return ids
end

local function isOld(jobKey)
  if not notAfter or #timeFields == 0 then return true end
  return (tonumber(getTimestamp(jobKey, timeFields) or nil) or 0) <= notAfter
end

local function removeIfOld(id)
  local jobKey = prefix .. id
  if not isOld(jobKey) or isJobSchedulerJob(id, jobKey, KEYS[3]) then return false end
  removeJob(id, true, prefix, true)
  return true
end

local start = passed()
local ids, removed, seen = read(start), {}, 0
kept = start
for index, id in ipairs(ids) do
  if #removed == limit then break end
  seen = index
  -- A key of another type in a job's place fails that job's removal, and not the others'.
  local ran, isRemoved = pcall(removeIfOld, id)
  if ran and isRemoved then
    removed[#removed + 1] = id
    -- A marker keeps the places of the others until the end.
    if isList then rcall("LSET", key, -start - index, "") end
  else
    kept, mark = kept + 1, id
  end
end

if #removed > 0 then
  if isList then
    -- Searched from the nearer end.
    local fromRight = start * 2 < rcall("LLEN", key)
    rcall("LREM", key, fromRight and -#removed or #removed, "")
  else
    rcall("ZREM", key, unpack(removed))
  end
  rcall("XADD", KEYS[2], "*", "event", "cleaned", "count", #removed)
end
if mark ~= "" and not isList then score = rcall("ZSCORE", key, mark) or score end
return { #removed, seen == #ids and #ids < chunk and 1 or 0, kept, mark, score }
