--[[
  Adds a batch of jobs to one queue: what BullMQ 6.7.0's addStandardJob, addDelayedJob and addPrioritizedJob do for each,
  with what is the same for all of them done once. The conformance test compares the keyspaces.

  KEYS
    1 wait  2 meta  3 id  4 events  5 marker  6 active  7 delayed  8 prioritized  9 pc
    10 only for jobs from the spool: the marks of those that came in
  ARGV
    1 the start of the queue's keys, "bull:emails:"
    2 the version that a new queue's meta gets, "bullmq:6.7.0"
    3 the jobs' timestamp, in ms since 1970
    4 the jobs as one MessagePack list, which is cheaper than as many arguments; of each, in order:
      id, name, data,
      its options as JSON without the closing brace, so that the id can follow; "": as those of the job before,
      the time after which it must not be added any more, in ms of this server's clock,
      how:
        (empty)  in line, with an id that is new for certain
        w        in line
        l        first in line
        d<delay in ms>,<priority>
        p<priority>
    5 only for jobs from the spool: their rows' numbers, as a MessagePack list
  Returns
    "+" if this batch made the queue, then a digit for each job:
      0 added, 1 a duplicate, 2 its id is taken by other content, 3 too late
]]
local rcall = redis.call
local prefix, timestamp = ARGV[1], ARGV[3]
local events = KEYS[4]
local meta = rcall("HMGET", KEYS[2], "paused", "concurrency", "opts.maxLenEvents")
local maxEvents = meta[3]
-- A queue that keeps no events gets none.
local addEvent = maxEvents == "0" and function() end or function(...) rcall("XADD", events, "*", "event", ...) end
local results, counted, due = {}, 0, false
local clock = rcall("TIME")
local now = clock[1] * 1000 + clock[2] / 1000

local line, front = {}, {}
local delayedJobs = false

-- A delayed job's place: its due time and, in the low 12 bits, its turn among those due in the same millisecond.
local function delayedScore(dueTime)
  local min, max = dueTime * 0x1000, (dueTime + 1) * 0x1000 - 1
  local last = rcall("ZREVRANGEBYSCORE", KEYS[7], max, min, "WITHSCORES", "LIMIT", 0, 1)
  local score = tonumber(last[2])
  if not score then return min end
  if score >= max then return max end
  return score + 1
end

-- An id as it stands in JSON text; one that Posta made needs no look.
local function quotable(id, how)
  return how == "" and id or (string.gsub(id, '["\\]', "\\%0"))
end

-- A job whose row is marked came in before, and may even be done and gone: it is not added again. So nothing may be written
-- where a key turns out too late to be of another type: the mark would say that the job is in its queue.
local marks = KEYS[10]
local rows = marks and cmsgpack.unpack(ARGV[5])
if marks then
  local types = { "list", "hash", "string", "stream", "zset", "list", "zset", "zset", "string", "zset" }
  for index, wanted in ipairs(types) do
    local found = rcall("TYPE", KEYS[index]).ok
    if found ~= wanted and found ~= "none" then
      return redis.error_reply("WRONGTYPE " .. KEYS[index] .. " is a " .. found .. " and no " .. wanted)
    end
  end
end

local jobs, options = cmsgpack.unpack(ARGV[4]), nil
for at = 1, #jobs, 6 do
  local id, name, data, how = jobs[at], jobs[at + 1], jobs[at + 2], jobs[at + 5]
  if jobs[at + 3] ~= "" then options = jobs[at + 3] .. ',"jobId":"' end
  local key = prefix .. id
  local mark = marks and string.format("%d:%s", rows[#results + 1], id)
  local result = "0"
  if now > jobs[at + 4] then
    result = "3"
  elseif marks and rcall("ZSCORE", marks, mark) then
    result = "1"
  else
    counted = counted + 1
    if how ~= "" and rcall("EXISTS", key) == 1 then
      local kept = rcall("HMGET", key, "name", "data")
      result = (kept[1] == name and kept[2] == data) and "1" or "2"
      addEvent("duplicated", "jobId", id)
    else
      local kind, delay, priority = string.sub(how, 1, 1), "0", "0"
      if kind == "d" then
        delay, priority = string.match(how, "^d(%d+),(%d+)$")
      elseif kind == "p" then
        priority = string.sub(how, 2)
      end
      rcall("HSET", key, "name", name, "data", data, "opts", options .. quotable(id, how) .. '"}',
        "timestamp", timestamp, "delay", delay, "priority", priority)
      addEvent("added", "jobId", id, "name", name)
      if kind == "d" then
        local dueTime = tonumber(timestamp) + tonumber(delay)
        rcall("ZADD", KEYS[7], delayedScore(dueTime), id)
        addEvent("delayed", "jobId", id, "delay", dueTime)
        delayedJobs = true
      else
        if kind == "p" then
          local turn = rcall("INCR", KEYS[9])
          rcall("ZADD", KEYS[8], tonumber(priority) * 0x100000000 + turn % 0x100000000, id)
        elseif kind == "l" then
          front[#front + 1] = id
        else
          line[#line + 1] = id
        end
        addEvent("waiting", "jobId", id)
        due = true
      end
    end
  end
  if marks and (result == "0" or result == "1") then rcall("ZADD", marks, timestamp, mark) end
  results[#results + 1] = result
end

if #line > 0 then rcall("LPUSH", KEYS[1], unpack(line)) end
if #front > 0 then rcall("RPUSH", KEYS[1], unpack(front)) end
if counted > 0 then
  if not maxEvents then
    maxEvents = 10000
    rcall("HSET", KEYS[2], "opts.maxLenEvents", maxEvents, "version", ARGV[2])
    table.insert(results, 1, "+")
  end
  rcall("INCRBY", KEYS[3], counted)
  -- BullMQ trims with each event; once a batch keeps the stream as short.
  if maxEvents ~= "0" then rcall("XTRIM", events, "MAXLEN", "~", maxEvents) end
end

-- The marker is what idle workers block on: 0 for a job that can run, 1 for the time of the next delayed one.
if due then
  local maxed = meta[1] or (meta[2] and rcall("LLEN", KEYS[6]) >= tonumber(meta[2]))
  if not maxed then rcall("ZADD", KEYS[5], 0, "0") end
end
if delayedJobs then
  local first = rcall("ZRANGE", KEYS[7], 0, 0, "WITHSCORES")
  rcall("ZADD", KEYS[5], tonumber(first[2]) / 0x1000, "1")
end
return table.concat(results)
