--[[
  Reads a queue's figures in one step, each of them in at most O(log n).

  KEYS
    1 meta  2 id  3 wait  4 active  5 delayed  6 prioritized  7 waiting-children  8 completed  9 failed  10 paused
    11 limiter
  ARGV
    1 the start of the queue's keys  2 now, in ms since 1970  3 the window of the rates, in ms
  Returns
    nil if there is no such queue, else
    paused, concurrency, max, duration, opts.maxLenEvents (each as in meta, or ""), jobs ever added,
    waiting, active, delayed, prioritized, waiting-children, completed, failed (numbers of jobs),
    completed in the window, its length in ms, failed in the window, its length in ms,
    since when the oldest job that can run could, in ms since 1970, or -1,
    how long the queue's rate limit keeps its jobs back, in ms, or 0
]]
local rcall = redis.call
local prefix, now, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if rcall("EXISTS", KEYS[1]) == 0 then return nil end

-- Of which only the newest are kept, the oldest tells how far they reach. A few are all that there were: one that has just
-- failed is no rate of hundreds a second.
local few = 100
local function rate(key)
  local span = window
  if rcall("ZCARD", key) >= few then
    local oldest = rcall("ZRANGE", key, 0, 0, "WITHSCORES")
    span = math.max(1, math.min(window, now - tonumber(oldest[2])))
  end
  return rcall("ZCOUNT", key, now - span, "+inf"), span
end

local due = -1
local function consider(since)
  if since and (due < 0 or since < due) then due = since end
end

-- Since when a job in line could run: when it was added and its delay was over, or when its last attempt ended.
local function considerJob(id)
  if not id then return end
  -- A key of another type in a job's place hides no queue.
  local job = redis.pcall("HMGET", prefix .. id, "timestamp", "delay", "processedOn")
  local added = tonumber(job[1])
  if added then consider(math.max(added + (tonumber(job[2]) or 0), tonumber(job[3]) or 0)) end
end

-- Jobs come in at the left end, but those that asked for it at the right one.
considerJob(rcall("LINDEX", KEYS[3], -1))
considerJob(rcall("LINDEX", KEYS[3], 0))

-- Of each priority the first is the oldest; a queue that uses over 16 priorities is judged by the 16 first.
local from = "-inf"
for _ = 1, 16 do
  local first = rcall("ZRANGEBYSCORE", KEYS[6], from, "+inf", "WITHSCORES", "LIMIT", 0, 1)
  if not first[1] then break end
  considerJob(first[1])
  from = (math.floor(tonumber(first[2]) / 0x100000000) + 1) * 0x100000000
end

-- A delayed job stays in its set until a worker moves it: without workers, due ones are found here.
local delayed = rcall("ZRANGE", KEYS[5], 0, 0, "WITHSCORES")
if delayed[2] then
  local dueTime = math.floor(tonumber(delayed[2]) / 0x1000)
  if dueTime <= now then consider(dueTime) end
end

local meta = rcall("HMGET", KEYS[1], "paused", "concurrency", "max", "duration", "opts.maxLenEvents")

-- BullMQ's workers can have a limit of their own, which only they know. Then any window that one of them has begun counts.
local limited = math.max(0, rcall("PTTL", KEYS[11]))
local most = tonumber(meta[3])
if limited > 0 and most and (tonumber(rcall("GET", KEYS[11])) or 0) < most then limited = 0 end

local completed, completedSpan = rate(KEYS[8])
local failed, failedSpan = rate(KEYS[9])
return {
  meta[1] or "", meta[2] or "", meta[3] or "", meta[4] or "", meta[5] or "", tonumber(rcall("GET", KEYS[2]) or 0) or 0,
  rcall("LLEN", KEYS[3]) + rcall("LLEN", KEYS[10]), rcall("LLEN", KEYS[4]), rcall("ZCARD", KEYS[5]),
  rcall("ZCARD", KEYS[6]), rcall("ZCARD", KEYS[7]), rcall("ZCARD", KEYS[8]), rcall("ZCARD", KEYS[9]),
  completed, completedSpan, failed, failedSpan, due, limited,
}
