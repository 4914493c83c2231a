--[[
  A page of a list whose next job stands at its right end, where workers take from; new ones come in at the left.

  KEYS
    1 the list
  ARGV
    1 how many  2 distance from the right end at which the last job shown stood, or -1
    3... ids that were shown last, the very last first: the first of them that is still there marks the place
  Returns
    the place of the first id shown, then ids, next in line first. Where none of the marks is left, workers have taken
    all that was shown: the page starts at the right end.
]]
local key, count, hint = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local start = 0
if hint >= 0 and redis.call("LINDEX", key, -1 - hint) == ARGV[3] then
  start = hint + 1
else
  for mark = 3, #ARGV do
    local index = redis.call("LPOS", key, ARGV[mark], "RANK", -1)
    if index then
      start = redis.call("LLEN", key) - index
      break
    end
  end
end
local found = redis.call("LRANGE", key, -start - count, -1 - start)
local page = { start }
for index = #found, 1, -1 do page[#page + 1] = found[index] end
return page
