"""What must hold of a secret beside its shape: a checksum, a head that can be read, or bytes that no person and no program would write as a sample.

A check answers None, or the name of the rule by which a match is no secret; ``NO_SHAPE`` where nobody would take it for one.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import string
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Final

Check = Callable[[bytes, "re.Match[bytes]"], str | None]  # the secret, and the match that it is in

NO_SHAPE: Final = ""
_BASE_62: Final = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
_CHECKSUM: Final = 6  # characters of base 62 at the end of a token of GitHub's
_BECH32: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# Short marks in one case only: of random tokens of 40 characters, one in 20,000 has "your" in it in some case.
_SAMPLE: Final = re.compile(
    rb"xxxx|XXXX|your|Your|YOUR|\*\*\*|\.\.\.|(?i:example|placeholder|redacted|removed|changeme|change[_-]me|replace|insert|dummy|sample|sanitized|deadbeef|foobar|<[a-z])"
)
_TEMPLATE: Final = re.compile(rb"[$%@#]?[{<\[(%].*|\\\w+\$.*|\$[A-Za-z_(].*|%[A-Za-z_]\w*%?|@[\w.]+@?|__\w+__|[A-Z]+(?:_[A-Z]+)+|&lt;.*")
_REFERENCE: Final = re.compile(
    rb"(?:https?|file|env|vault|secret|op|ref|arn|aws|gcp|sm|ssm|kms|data|urn)(?:\+\w+)?:.*|\.{0,2}/[\w./-]*|~/.*|.+\.(?:txt|json|ya?ml|pem|key|crt|env|py|js|html?)",
    re.IGNORECASE,
)
_EXPRESSION: Final = re.compile(rb"[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[.;:]?|!?!?[A-Za-z_]\w*\(.*|[&*]\w+")
_WORDS: Final = re.compile(rb"[A-Za-z\x80-\xff]*(?:[ _./:'-]+[A-Za-z\x80-\xff]+)*[ _./:'-]*")
_NAME_AND_NUMBER: Final = re.compile(rb"[A-Z]?[a-z_-]*(?:[A-Z][a-z_-]{2,})*\d{0,2}|[A-Z_-]+\d{0,2}")
_SAMPLES: Final = frozenset(
    b"""
    password passwd passw0rd p@ssw0rd p@ssword pa$$word password1 password12 password123 password1234 pass pass123 pass1234 passphrase secret
    secret1 secret123 token token123 api_key apikey key key123 mysecret mypassword my_password my-password mypass test test1 test12 test123 test1234
    testing testpass testpassword user user1 user123 username admin admin123 admin1234 root root123 foo foo123 bar baz qux abc abc123 abcd1234
    qwerty qwerty123 letmein default guest guest123 none null nil undefined true false string str type value optional required hidden masked
    hunter2 postgres mysql redis rabbitmq mongo mongodb tiger scott bitnami minioadmin demo demo123 todo fixme n/a welcome1 welcome123 s3cr3t s3cret
    secr3t 1234 12345 123456 1234567 12345678 123456789 1234567890 0000 000000 00000000 111111
    """.split()
)
_LETTERS_OF_A_SEQUENCE: Final = 0.6  # share of neighbours that follow one another, or are one: "abcd1234", "aaaaaa"
_SHORTEST_SEQUENCE: Final = 4
_FEW_DISTINCT: Final = 4
_SHORTEST_TOKEN: Final = 16
_TOKEN_ENTROPY: Final = 3.0  # bits a byte: 16 random hex digits have 3.2 in the middle, words of prose with blanks left out 3.0 to 3.6
_SHORTEST_PASSWORD: Final = 6
_SHORTEST_KEY: Final = 40  # characters of base 64 in a private key: an Ed25519 one has 64
_BESIDE: Final = 48  # bytes before a key's name that may be a part of it
_PUBLIC: Final = re.compile(
    rb"(?:public|csrf|xsrf|next|prev|page|paging|cursor|continuation|sync|pad|eos|bos|sep|cls|unk|mask|special|stop|start|end|first|last|num|max|min|"
    rb"sort|primary|foreign|cache|index|confirm|forgot|reset|no|without)[\w-]*$",
    re.IGNORECASE,
)
_KEY_BEFORE: Final = re.compile(rb"[\w-]*$")


def entropy(value: bytes) -> float:
    """Shannon's, in bits a byte, of the bytes of a value.

    >>> entropy(b"abcdabcd")
    2.0
    """
    counts = Counter(value).values()
    return math.fsum(-count / len(value) * math.log2(count / len(value)) for count in counts)


def is_sample(value: bytes) -> bool:
    """Whether a person wrote it in the place of a secret: a mark such as "example" in it, or letters and digits in a row."""
    if _SAMPLE.search(value) or len(set(value)) <= min(_FEW_DISTINCT, len(value) // 3):
        return True
    steps = [b - a for a, b in pairwise(value.lower())]
    return len(value) >= _SHORTEST_SEQUENCE and sum(step in {0, 1} for step in steps) > _LETTERS_OF_A_SEQUENCE * len(steps)


def token(secret: bytes, match: re.Match[bytes]) -> str | None:  # noqa: ARG001
    """No sample."""
    return "placeholder" if is_sample(secret) else None


def mixed(secret: bytes, match: re.Match[bytes]) -> str | None:
    """A token in which there is a digit and a letter."""
    return token(secret, match) or (None if re.search(rb"\d", secret) and re.search(rb"[A-Za-z]", secret) else "word")


def github(secret: bytes, match: re.Match[bytes]) -> str | None:
    """The last six characters are the CRC-32 of those between the prefix and them, in base 62."""
    body, checksum = secret.partition(b"_")[2][:-_CHECKSUM], secret[-_CHECKSUM:]
    crc, digits = zlib.crc32(body), b""
    while crc or len(digits) < _CHECKSUM:
        crc, digit = divmod(crc, len(_BASE_62))
        digits = _BASE_62[digit : digit + 1] + digits
    return token(secret, match) or (None if digits == checksum else "checksum")


def age(secret: bytes, match: re.Match[bytes]) -> str | None:  # noqa: ARG001
    """Bech32 (BIP 173): the last six characters check the others."""
    prefix, _, data = secret.lower().rpartition(b"1")
    values = [c >> 5 for c in prefix] + [0] + [c & 31 for c in prefix] + [_BECH32.index(c) for c in data]
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATORS):
            found ^= generator if top >> bit & 1 else 0
    return None if found == 1 else "checksum"


def jwt(secret: bytes, match: re.Match[bytes]) -> str | None:  # noqa: ARG001
    """The head is a JSON object that names an algorithm (RFC 7515, section 4.1.1)."""
    head = secret.partition(b".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, RecursionError):  # binascii's and json's errors are ValueErrors
        return NO_SHAPE
    return None if isinstance(found, dict) and isinstance(found.get("alg"), str) else NO_SHAPE


def basic(secret: bytes, match: re.Match[bytes]) -> str | None:
    """A user and a password (RFC 7617), which are no sample."""
    try:
        user, colon, password = base64.b64decode(secret, validate=True).partition(b":")
    except binascii.Error:
        return NO_SHAPE
    if not colon or not password or not user.isascii() or not password.isascii() or not (user + password).decode().isprintable():
        return NO_SHAPE
    return "placeholder" if is_placeholder(password) else token(secret, match)


def private_key(secret: bytes, match: re.Match[bytes]) -> str | None:  # noqa: ARG001
    """There is a key between head and foot."""
    body = re.sub(rb"-----.*?-----|[\w-]+: [^\n\\]*", b"", secret)
    characters = re.sub(rb"\\[nr]|[^A-Za-z0-9+/]", b"", body)
    return None if len(characters) >= _SHORTEST_KEY and not is_sample(characters) else "placeholder"


def is_placeholder(value: bytes) -> bool:
    """Whether a value stands for one that somebody has yet to put there, or is one that everybody knows."""
    return value.lower().rstrip(b".,;:") in _SAMPLES or _TEMPLATE.fullmatch(value) is not None or is_sample(value)


def password(secret: bytes, match: re.Match[bytes]) -> str | None:  # noqa: PLR0911 - one line a rule
    """A value that somebody chose: no placeholder, no reference to where it lies, no code, no plain words."""
    if _PUBLIC.search(_before(match)):
        return "public"
    if is_placeholder(secret):
        return "placeholder"
    if _REFERENCE.fullmatch(secret):
        return "reference"
    is_bare = match.lastgroup == "bare"
    if is_bare and (_EXPRESSION.fullmatch(secret) or _NAME_AND_NUMBER.fullmatch(secret)):
        return "expression"
    if _WORDS.fullmatch(secret):
        return "word"
    if len(secret) < _SHORTEST_PASSWORD:
        return "short"
    return "number" if re.fullmatch(rb"\d*[.,:/+-][\d.,:/+-]*", secret) else None


def assigned_token(secret: bytes, match: re.Match[bytes]) -> str | None:
    """As ``password``, and as long and as mixed as what a program makes."""
    no = password(secret, match)
    if no:
        return no
    is_mixed = re.search(rb"\d", secret) and re.search(rb"[A-Za-z]", secret)
    return None if is_mixed and len(secret) >= _SHORTEST_TOKEN and entropy(secret) >= _TOKEN_ENTROPY else "low_entropy"


def _before(match: re.Match[bytes]) -> bytes:
    """What of the key's name stands before the match."""
    found = _KEY_BEFORE.search(match.string, max(0, match.start() - _BESIDE), match.start())
    return found[0] if found else b""


CHECKS: Final[dict[str, Check]] = {
    "token": token, "mixed": mixed, "github": github, "age": age, "jwt": jwt, "basic": basic, "private_key": private_key,
    "password": password, "assigned_token": assigned_token,
}  # fmt: skip
