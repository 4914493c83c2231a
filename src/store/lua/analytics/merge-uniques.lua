--[[
  Merges HyperLogLogs, sets of subjects and single subjects into one HyperLogLog, and counts it. What it needs for that it
  deletes again, and what a run leaves behind that fails, as at bytes that are no HyperLogLog, expires.

  KEYS
    1 where to merge  2 where to put what comes as an argument  3... sets and HyperLogLogs to merge; any may be missing
  ARGV
    1 how many HyperLogLogs follow  2... their bytes, then subjects
  Returns
    the number of different subjects, the HyperLogLog's bytes
]]
local rcall = redis.call
local into, given = KEYS[1], KEYS[2]
local blobs = tonumber(ARGV[1])
-- As many as unpack can take at once, with room to spare.
local step = 1000
local leftoverSeconds = 60

local function add(subjects, first)
  for at = first, #subjects, step do
    rcall("PFADD", into, unpack(subjects, at, math.min(at + step - 1, #subjects)))
  end
end

rcall("DEL", into)
rcall("PFADD", into)
rcall("EXPIRE", into, leftoverSeconds)
for at = 2, blobs + 1 do
  rcall("SET", given, ARGV[at], "EX", leftoverSeconds)
  rcall("PFMERGE", into, given)
end
add(ARGV, blobs + 2)
for at = 3, #KEYS do
  local kind = rcall("TYPE", KEYS[at]).ok
  if kind == "set" then
    add(rcall("SMEMBERS", KEYS[at]), 1)
  elseif kind == "string" then
    rcall("PFMERGE", into, KEYS[at])
  end
end
local count, merged = rcall("PFCOUNT", into), rcall("GET", into)
rcall("DEL", into, given)
return { count, merged }
