--[[
  A page of a sorted set, after a member that may be gone by now: its score and id say where it was.

  KEYS
    1 the set
  ARGV
    1 "asc" or "desc"  2 how many  3 score of the last member shown, or ""  4 its id
  Returns
    id, score, id, score, ...
]]
local key, desc, count = KEYS[1], ARGV[1] == "desc", tonumber(ARGV[2])
local score, id = ARGV[3], ARGV[4]

-- How many members come before or at (score, id) in the order of the page.
local function passed()
  if redis.call("ZSCORE", key, id) == score then
    return redis.call(desc and "ZREVRANK" or "ZRANK", key, id) + 1
  end
  local before = desc and redis.call("ZCOUNT", key, "(" .. score, "+inf") or redis.call("ZCOUNT", key, "-inf", "(" .. score)
  local seen, step = 0, 1000
  while true do
    local ties = redis.call(desc and "ZREVRANGEBYSCORE" or "ZRANGEBYSCORE", key, score, score, "LIMIT", seen, step)
    for _, tie in ipairs(ties) do
      if (desc and tie < id) or (not desc and tie > id) then return before + seen end
      seen = seen + 1
    end
    if #ties < step then return before + seen end
  end
end

local start = score == "" and 0 or passed()
return redis.call(desc and "ZREVRANGE" or "ZRANGE", key, start, start + count - 1, "WITHSCORES")
