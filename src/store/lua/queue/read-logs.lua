--[[
  Reads lines that were logged for a job, as many as fit the bytes that a page may have, and one in any case. A line that is
  longer than a line may be is cut. Runs behind job-state.lua.

  KEYS
    1 the job's hash  2 its lines
  ARGV
    1 the start of the queue's keys  2 the job's id  3 the place of the first line, from 0  4 how many lines
    5 the bytes of a page  6 the bytes of a line  7 how long a queue's line may be that is searched for the job
  Returns
    nil if there is no such job, else: how many lines it has, then the lines; in the place of a cut one
    a list: its start, and how many bytes it has
]]
if redis.call("EXISTS", KEYS[1]) == 0 then return nil end
local isOwn = hasUsualColons(ARGV[2]) and isJob(KEYS[1])
if not isOwn and not select(3, findState(ARGV[1], ARGV[2], tonumber(ARGV[7]))) then return nil end
local first, count, pageBytes, lineBytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local total = redis.pcall("LLEN", KEYS[2])
if type(total) ~= "number" then total = 0 end
local answer, bytes, step = { total }, 0, 20

for from = first, math.min(first + count, total) - 1, step do
  local lines = redis.call("LRANGE", KEYS[2], from, math.min(from + step, first + count) - 1)
  for _, line in ipairs(lines) do
    local length = #line
    local shown = length > lineBytes and { string.sub(line, 1, lineBytes), length } or line
    bytes = bytes + math.min(length, lineBytes)
    if bytes > pageBytes and #answer > 1 then return answer end
    answer[#answer + 1] = shown
  end
end
return answer
