"""Secrets that open nothing, made from a seed: at least one for every rule, in the shape that its issuer writes."""

from __future__ import annotations

import base64
import json
import string
import zlib

LOWER_HEX = "0123456789abcdef"
BASE_62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
URL_64 = BASE_62 + "-_"
BASE_64 = BASE_62 + "+/"
BASE_32 = string.ascii_uppercase + "234567"
LETTERS = string.ascii_letters
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

# rule, and what its secrets are: words as they stand, and (alphabet, length)
SHAPES = [
    ("github_fine_grained", "github_pat_", (BASE_62, 22), "_", (BASE_62, 59)),
    ("pypi", "pypi-AgEIcHlwaS5vcmc", (URL_64, 120)),
    ("gitlab", "glpat-", (URL_64, 20)),
    ("gitlab", "glrt-", (URL_64, 20)),
    ("slack", "xoxb-", (string.digits, 12), "-", (string.digits, 12), "-", (BASE_62, 24)),
    ("stripe", "sk_live_", (BASE_62, 24)),
    ("aws_key_id", "AKIA", (BASE_32, 16)),
    ("google_api_key", "AIza", (URL_64, 35)),
    ("google_oauth", "ya29.", (URL_64, 120)),
    ("google_oauth", "GOCSPX-", (URL_64, 28)),
    ("openai", "sk-", (BASE_62, 20), "T3BlbkFJ", (BASE_62, 20)),
    ("openai", "sk-proj-", (URL_64, 64), "T3BlbkFJ", (URL_64, 64)),
    ("anthropic", "sk-ant-api03-", (URL_64, 93), "AA"),
    ("model_hosts", "hf_", (LETTERS, 34)),
    ("npm", "npm_", (BASE_62, 36)),
    ("packages", "dckr_pat_", (URL_64, 27)),
    ("packages", "rubygems_", (LOWER_HEX, 48)),
    ("sendgrid", "SG.", (URL_64, 22), ".", (URL_64, 43)),
    ("mail", (LOWER_HEX, 32), "-us14"),
    ("telegram", (string.digits[1:], 9), ":AA", (URL_64, 33)),
    ("azure_client_secret", (BASE_62, 3), "8Q~", (BASE_62, 34)),
    ("clouds", "dop_v1_", (LOWER_HEX, 64)),
    ("clouds", "hvs.", (BASE_62, 90)),
    ("clouds", (BASE_62, 14), ".atlasv1.", (BASE_62, 67)),
    ("services", "shpat_", (LOWER_HEX, 32)),
    ("services", "glsa_", (BASE_62, 32), "_", (LOWER_HEX, 8)),
    ("facebook", "EAAC", (BASE_62, 150)),
    ("aws_bedrock", "ABSK", (BASE_64, 120)),
]
# rule, what stands before the secret, what it is, what stands behind it
IN_PLACE = [
    ("aws_secret", "aws_secret_access_key = ", [(BASE_64, 40)], ""),
    ("azure_key", "DefaultEndpointsProtocol=https;AccountKey=", [(BASE_64, 86), "=="], ";"),
    ("azure_sas", "https://a.blob.core.windows.net/c?sv=2022&sig=", [(BASE_62, 43), "%3D"], "&x=1"),
    ("slack_webhook", "https://hooks.slack.com/services/", ["T", (BASE_62, 9), "/B", (BASE_62, 9), "/", (BASE_62, 24)], ""),
    ("discord_webhook", "https://discord.com/api/webhooks/112233445566778899/", [(URL_64, 68)], ""),
    ("discord_bot", 'client.login("', ["MT", (BASE_62, 24), ".", (BASE_62, 6), ".", (BASE_62, 38)], '")'),
    ("twilio", "twilio_auth_token: ", [(LOWER_HEX, 32)], ""),
    ("bearer", "Authorization: Bearer ", [(URL_64, 40)], ""),
    ("curl_user", "curl -s -u jane:", [(BASE_62, 12)], " https://host.org"),
    ("database_url", "postgresql+psycopg2://jane:", [(BASE_62, 12)], "@db.host.org:5432/x"),
    ("database_url", "mongodb+srv://jane:", [(BASE_62, 12)], "@cluster0.host.org/x"),
    ("database_url", "redis://:", [(BASE_62, 12)], "@host:6379/0"),
    ("connection_string", "Server=db;User Id=sa;Password=", [(BASE_62, 12)], ";Encrypt=true"),
    ("password", 'db_password = "', [(BASE_62 + "!#%+", 12)], '"'),
    ("password", "DB_PASS=", [(BASE_62, 12)], "\n"),
    ("password", "密码：", [(BASE_62, 10)], "。"),  # noqa: RUF001 - as it is written there
    ("password", "mot de passe : ", [(BASE_62, 10)], ""),
    ("password", '{\\"password\\": \\"', [(BASE_62, 12)], '\\"}'),
    ("password", "<password>", [(BASE_62, 12)], "</password>"),
    ("key_or_token", "api_key: '", [(BASE_62, 32)], "'"),
    ("key_or_token", "CLIENT_SECRET=", [(BASE_62, 32)], "\n"),
    ("key_or_token", '"token": "', [(LOWER_HEX, 40)], '"'),
    ("option", "mysql --password ", [(BASE_62, 12)], " -h host"),
]
CONTEXTS = ["{}", "See {}.", 'x = "{}"', "'{}',", "密钥是{}好的", "log\\n{}\\n", "?a={}&b=1", "<b>{}</b>", "({})"]


def made(rng, shape):
    """A secret of a shape, in which a digit is wherever its alphabets have one: so all but one of many thousands are."""
    drawn = [part for part in shape if not isinstance(part, str)]
    while True:
        value = "".join(part if isinstance(part, str) else "".join(rng.choices(part[0], k=part[1])) for part in shape)
        has_digit = any(c.isdigit() for c in value) or not any(c.isdigit() for alphabet, _ in drawn for c in alphabet)
        if has_digit and value[-1] not in "-_":
            return value


def github(rng):
    """A token with its checksum."""
    body = "".join(rng.choices(BASE_62, k=30))
    crc, digits = zlib.crc32(body.encode()), ""
    while len(digits) < 6:
        crc, digit = divmod(crc, 62)
        digits = BASE_62[digit] + digits
    return f"ghp_{body}{digits}"


def jwt(rng):
    """A token of three parts."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": str(rng.randrange(10**9))})]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, rng.randbytes(32)))


def age(rng):
    """A key with its checksum (BIP 173)."""

    def polymod(values):
        found = 1
        for value in values:
            top, found = found >> 25, (found & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                found ^= generator if top >> bit & 1 else 0
        return found

    prefix, data = "age-secret-key-", [rng.randrange(32) for _ in range(51)] + [0]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(expanded + data + [0] * 6) ^ 1
    data += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return f"{prefix}1{''.join(BECH32[value] for value in data)}".upper()


def pem(rng, kind="RSA PRIVATE KEY"):
    """A key of OpenSSL's look."""
    body = base64.b64encode(rng.randbytes(600)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


def basic(rng):
    """User and password of a header."""
    return base64.b64encode(f"jane:{made(rng, [(BASE_62, 12)])}".encode()).decode()


def everything(rng):
    """Tuples (rule, text before, secret, text behind): every rule, those of issuers in every context."""
    for rule, *shape in SHAPES:
        for context in CONTEXTS:
            before, _, behind = context.partition("{}")
            yield rule, before, made(rng, shape), behind
    for rule, make in (("github", github), ("jwt", jwt), ("age", age), ("pem", pem)):
        for context in CONTEXTS:
            before, _, behind = context.partition("{}")
            yield rule, before, make(rng), behind
    for kind in ("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"):
        yield "pem", "key:\n", pem(rng, kind), "\n"
    yield "pem", '{"private_key": "', pem(rng, "PRIVATE KEY").replace("\n", "\\n"), '\\n"}'
    yield "ssh2", "", pem(rng).replace("-----BEGIN RSA", "---- BEGIN SSH2").replace("-----END RSA", "---- END SSH2").replace("-----", " ----"), "\n"
    body = pem(rng).splitlines()[1:-1]
    yield "putty", f"PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: {len(body)}\n", "\n".join(body) + "\n", "Private-MAC: 00"
    yield "basic", "Authorization: Basic ", basic(rng), "\n"
    for rule, before, shape, behind in IN_PLACE:
        for _ in range(3):
            yield rule, before, made(rng, shape), behind
