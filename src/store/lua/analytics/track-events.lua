--[[
  Counts a batch of events, all of it or nothing: ids are recorded in the same step as what they count.

  KEYS
    1 closed: the first hour that may still be written
  ARGV
    1 the start of all keys, "analytics:"
    2 the time after which nothing may be done any more, in ms of this server's clock
    3 how long an hour's keys are kept after its end, in s
    4 how many names an hour may have, beside some of Posta's own, which callers must not crowd out
    5 how many series a name may have in an hour; what is over that counts as the value "other" of its dimension, and
      where that would be another series too, and 100 more are there, of the dimension "other"
    6 how many subjects are kept one by one, before they become a HyperLogLog
    7 how many of a name's last events are kept
    8 how long an id is remembered, in ms
    9 the batch as MessagePack, two lists:
      groups, each of one name in one hour:
        hour, name, members, cells (flat: index of the member, minute, events, sum of values or ""), subjects, recent
      events with ids, each:
        id, index of its group, minute, value or "", subject, its place among the group's recent (under 1: it has none), then
        the indexes of its members
  Returns
    {"late", now in ms}, {"closed", the hour of KEYS[1]}: nothing was done
    {"ok", the indexes of groups over the limit of names, "0" or "1" for each event with an id: whether it is a duplicate,
      how many events counted as "other"}
]]
local rcall = redis.call
local prefix, keptFor = ARGV[1], tonumber(ARGV[3])
local maxNames, maxSeries, maxSubjects = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local maxRecent, idWindow = tonumber(ARGV[7]), ARGV[8]
local separator = "\31"
-- Posta's own names, one for each status of a message and such; and how many more than ARGV[4] an hour may have for them.
local own, ownNames = "whatsapp.", 20
-- unpack() puts its values on Lua's stack, which is limited.
local chunk = 1000

local clock = rcall("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[2]) then return { "late", now } end

local batch = cmsgpack.unpack(ARGV[9])
local groups, identified = batch[1], batch[2]

local closed = tonumber(rcall("GET", KEYS[1]) or 0)
for _, group in ipairs(groups) do
  if group[1] < closed then return { "closed", closed } end
end

local function expiryOf(hour)
  return (hour + 1) * 3600 + keptFor
end

local function callInChunks(command, key, values)
  for from = 1, #values, chunk do
    rcall(command, key, unpack(values, from, math.min(from + chunk - 1, #values)))
  end
end

-- How many names an hour has, with those of this batch that are new.
local names = {}

-- False: the hour has as many names as it may have, and this would be another.
local function admit(group)
  local key = prefix .. "names:" .. group[1]
  if rcall("SISMEMBER", key, group[2]) == 1 then return true end
  names[key] = names[key] or rcall("SCARD", key)
  local isOwn = string.sub(group[2], 1, #own) == own
  if names[key] >= maxNames + (isOwn and ownNames or 0) then return false end
  names[key] = names[key] + 1
  group.unknown = true
  return true
end

-- Only once it is known that there is something to count: events that are duplicates make no name.
local function register(group)
  if not group.unknown or #group[4] == 0 then return end
  local key = prefix .. "names:" .. group[1]
  rcall("SADD", key, group[2])
  if rcall("SCARD", key) == 1 then rcall("EXPIREAT", key, expiryOf(group[1])) end
end

local refused = {}
for index, group in ipairs(groups) do
  group.allowed = admit(group)
  if not group.allowed then refused[#refused + 1] = index - 1 end
end

-- An event with an id that is new joins what its group counts.
local function join(group, event)
  local value = event[4]
  for at = 7, #event do
    local cells = group[4]
    local size = #cells
    cells[size + 1], cells[size + 2], cells[size + 3], cells[size + 4] = event[at], event[3], 1, value
  end
  if event[5] ~= "" then table.insert(group[5], event[5]) end
end

local duplicates = {}
for index, event in ipairs(identified) do
  local group = groups[event[2] + 1]
  duplicates[index] = "0"
  if group.allowed then
    if rcall("SET", prefix .. "id:" .. group[2] .. separator .. event[1], "1", "NX", "PX", idWindow) then
      join(group, event)
    else
      duplicates[index] = "1"
      if event[6] > 0 then group[6][event[6]] = "" end
    end
  end
end

local overflow = 0

-- Callers choose dimensions too: so many may have an "other" of their own beyond the limit.
local maxOthers = 100

-- The series that a member counts in: itself while there is room, else an "other"; the total always has room.
local function place(key, member, events, room)
  if room or member == separator or rcall("ZSCORE", key, member) then return member end
  overflow = overflow + events
  local other = string.match(member, "^[^" .. separator .. "]*") .. separator .. "other"
  if rcall("ZCARD", key) < maxSeries + maxOthers or rcall("ZSCORE", key, other) then return other end
  return "other" .. separator .. "other"
end

local function countSeries(group)
  local key = prefix .. "series:" .. group[1] .. ":" .. group[2]
  local members, cells = group[3], group[4]
  local sums = {}
  for at = 1, #cells, 4 do
    local member = cells[at] + 1
    sums[member] = (sums[member] or 0) + cells[at + 2]
  end
  local known = rcall("ZCARD", key)
  local places = {}
  for index, member in ipairs(members) do
    if sums[index] then
      -- Asked one by one only where the limit is near.
      local room = known + #members <= maxSeries or rcall("ZCARD", key) < maxSeries
      places[index] = place(key, member, sums[index], room)
      rcall("ZINCRBY", key, sums[index], places[index])
    end
  end
  if known == 0 and next(places) then rcall("EXPIREAT", key, expiryOf(group[1])) end
  return places
end

local function countMinutes(group, places)
  local start = prefix .. "minutes:" .. group[1] .. ":" .. group[2] .. separator
  local cells = group[4]
  for at = 1, #cells, 4 do
    local key = start .. places[cells[at] + 1]
    local minute, events, sum = cells[at + 1], cells[at + 2], cells[at + 3]
    -- The first events of a minute may be the first of the hash.
    if rcall("HINCRBY", key, minute, events) == events then rcall("EXPIREAT", key, expiryOf(group[1])) end
    if sum ~= "" then rcall("HINCRBYFLOAT", key, "s" .. minute, string.format("%.17g", sum)) end
  end
end

local function countSubjects(group)
  local subjects = group[5]
  if #subjects == 0 then return end
  local set = prefix .. "subjects:" .. group[1] .. ":" .. group[2]
  local sketch = prefix .. "hll:" .. group[1] .. ":" .. group[2]
  if rcall("EXISTS", sketch) == 1 then
    callInChunks("PFADD", sketch, subjects)
    return
  end
  callInChunks("SADD", set, subjects)
  if rcall("SCARD", set) > maxSubjects then
    callInChunks("PFADD", sketch, rcall("SMEMBERS", set))
    rcall("DEL", set)
    rcall("EXPIREAT", sketch, expiryOf(group[1]))
  else
    rcall("EXPIREAT", set, expiryOf(group[1]))
  end
end

local function keepRecent(group)
  local recent = {}
  for _, event in ipairs(group[6]) do
    if event ~= "" then recent[#recent + 1] = event end
  end
  if #recent == 0 then return end
  local key = prefix .. "recent:" .. group[2]
  local pushed = prefix .. "recent-pushed:" .. group[2]
  callInChunks("LPUSH", key, recent)
  rcall("LTRIM", key, 0, maxRecent - 1)
  rcall("EXPIRE", key, keptFor)
  rcall("INCRBY", pushed, #recent)
  rcall("EXPIRE", pushed, keptFor)
end

for _, group in ipairs(groups) do
  if group.allowed then
    register(group)
    countMinutes(group, countSeries(group))
    countSubjects(group)
    keepRecent(group)
  end
end
return { "ok", refused, table.concat(duplicates), overflow }
