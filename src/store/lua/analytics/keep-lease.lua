--[[
  Keeps a lease for longer, or gives it back, if it is still the holder's.

  KEYS
    1 the lease
  ARGV
    1 the holder's token  2 for how long from now on, in ms; 0: it is given back
  Returns
    1 if it was the holder's, 0 if it had run out
]]
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
