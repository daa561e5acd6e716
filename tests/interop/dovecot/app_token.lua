-- Dovecot passdb: an app-only access token of Exchange Online opens a mailbox when the token is genuine, in date, meant
-- for Exchange in this tenant, carries the role of the protocol, and its service principal holds a grant on the mailbox.
-- Beside this file: issuer.json (what tokens must say), issuer.pem (RS256 key), grants/<oid>/<hex of mailbox>, verdicts,
-- clock (seconds by which this server's clock is ahead).

local cjson = require "cjson"
local digest = require "openssl.digest"
local pkey = require "openssl.pkey"

local ROLES = { imap = "IMAP.AccessAsApp", pop3 = "POP.AccessAsApp", submission = "SMTP.SendAsApp" }
local FOLDER = debug.getinfo(1, "S").source:match("^@(.*)/")
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

local function read(name)
  local file = io.open(FOLDER .. "/" .. name, "rb")
  if not file then return nil end
  local content = file:read("a")
  file:close()
  return content
end

local ISSUER = cjson.decode(read("issuer.json"))
local KEY = pkey.new(read("issuer.pem"), "PEM")

local SEXTETS = {}
for index = 1, #ALPHABET do SEXTETS[ALPHABET:byte(index)] = index - 1 end

-- RFC 4648 section 5 without padding; nil for anything else.
local function base64url(text)
  local bytes, bits, held = {}, 0, 0
  for index = 1, #text do
    local sextet = SEXTETS[text:byte(index)]
    if not sextet then return nil end
    bits, held = (bits << 6 | sextet) & 0xFFFF, held + 6
    if held >= 8 then
      held = held - 8
      bytes[#bytes + 1] = string.char(bits >> held & 0xFF)
    end
  end
  return table.concat(bytes)
end

local function json_object(encoded)
  local text = base64url(encoded)
  if not text then return nil end
  local decoded, value = pcall(cjson.decode, text)
  return decoded and type(value) == "table" and value or nil
end

local function hex(text)
  return (text:gsub(".", function(char) return string.format("%02x", char:byte()) end))
end

local function contains(list, wanted)
  if type(list) ~= "table" then return false end
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

-- The claims of a token that the issuer signed, or nil.
local function signed_claims(token)
  local header, payload, signature = token:match("^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$")
  if not header then return nil end
  local parsed, raw = json_object(header), base64url(signature)
  if not parsed or not raw or parsed.alg ~= "RS256" then return nil end
  local called, valid = pcall(KEY.verify, KEY, raw, digest.new("sha256"):update(header .. "." .. payload))
  return called and valid and json_object(payload) or nil
end

-- Why this token does not open this mailbox, or nil and the fields of the grant.
local function refusal(service, mailbox, token)
  local claims, now = signed_claims(token), os.time() + tonumber(read("clock"))
  if not claims then return "signature" end
  if type(claims.exp) ~= "number" or claims.exp <= now then return "exp" end
  if type(claims.nbf) ~= "number" or claims.nbf > now then return "nbf" end
  if claims.aud ~= ISSUER.audience then return "aud" end
  if claims.iss ~= ISSUER.issuer then return "iss" end
  if claims.tid ~= ISSUER.tenant then return "tid" end
  if not contains(claims.roles, ROLES[service]) then return "roles" end
  -- oid becomes part of a path.
  if type(claims.oid) ~= "string" or not claims.oid:match("^[%x-]+$") then return "oid" end
  local grant = read("grants/" .. claims.oid .. "/" .. mailbox)
  if not grant then return "grant" end
  return nil, cjson.decode(grant)
end

function auth_password_verify(request, token)
  local mailbox = hex(request.user:lower())
  local reason, fields = refusal(request.service, mailbox, token)
  local verdicts = io.open(FOLDER .. "/verdicts", "a")
  verdicts:write(request.service, " ", mailbox, " ", reason or "ok", "\n")
  verdicts:close()
  if reason then return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, {} end
  -- As a database does that cannot be asked just now.
  if fields.unavailable then return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, {} end
  return dovecot.auth.PASSDB_RESULT_OK, fields
end
