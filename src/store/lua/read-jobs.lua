--[[
  Reads jobs' hashes, as many as fit the bytes that a page may have, and one in any case. A job that is larger than a job may
  be is cut: its fields come in their order as long as they fit, of a text that does not fit comes a part, and of any
  other field that does not fit nothing.

  KEYS
    1 meta, which tells a cluster where they are
    only for one job, to tell where it is: 2 completed  3 failed  4 delayed  5 prioritized  6 waiting-children  7 active
  ARGV
    1 the start of the queue's keys  2 the bytes of a page  3 the bytes of a job  4 how many fields of each job
    then those fields, each behind how it is cut: "s" its start stays, "e" its end, "-" nothing
    then the jobs' ids
  Returns
    a row for each job that was read: the fields' values, nil for one that it has not, then the names of those that were cut;
    with 7 keys: nil if there is no such job, else: state (BullMQ's word), score in that state's set or "", its row
]]
local prefix, pageBytes, jobBytes, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local firstId = 5 + 2 * count
local fields, cuts = {}, {}
for index = 1, count do
  cuts[index], fields[index] = ARGV[3 + 2 * index], ARGV[4 + 2 * index]
end

-- What of a value fits.
local function fit(value, cut, room)
  if cut == "s" then return string.sub(value, 1, room) end
  if cut == "e" and room > 0 then return string.sub(value, -room) end
  return ""
end

-- A job's row, and its bytes.
local function read(id)
  local row = redis.call("HMGET", prefix .. id, unpack(fields))
  local room = jobBytes
  for at = 1, count do
    local value = row[at]
    if value and #value > room then
      row[at] = fit(value, cuts[at], room)
      row[#row + 1] = fields[at]
    end
    if value then room = room - #row[at] end
  end
  return row, jobBytes - room
end

-- A job that is in no set and not active must be in line: the line itself, which may be a million long, is not searched.
local function find(id)
  local sets = { [2] = "completed", [3] = "failed", [4] = "delayed", [5] = "prioritized", [6] = "waiting-children" }
  for key = 2, 6 do
    local score = redis.call("ZSCORE", KEYS[key], id)
    if score then return sets[key], score end
  end
  return redis.call("LPOS", KEYS[7], id) and "active" or "waiting", ""
end

if KEYS[2] then
  local id = ARGV[firstId]
  if redis.call("EXISTS", prefix .. id) == 0 then return nil end
  local state, score = find(id)
  return { state, score, (read(id)) }
end

local rows, bytes = {}, 0
for index = firstId, #ARGV do
  local row, more = read(ARGV[index])
  bytes = bytes + more
  if bytes > pageBytes and #rows > 0 then break end
  rows[#rows + 1] = row
end
return rows
