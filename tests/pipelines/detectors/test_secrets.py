"""Secrets are found where they stand, and what only looks like one is passed over by name."""

from __future__ import annotations

import random
import time
from functools import partial

import pyarrow as pa
import pytest
from made_secrets import everything, github, jwt

from pipelines.contract.config import encode
from pipelines.contract.errors import ConfigError
from pipelines.detectors.presidio import Presidio
from pipelines.detectors.replacement import Replacement
from pipelines.detectors.scrub import Scrub
from pipelines.detectors.secrets import ENTITIES, Secrets
from pipelines.detectors.secrets_rules import Rule, rules

DETECTOR = Secrets()
MADE = list(everything(random.Random(7)))
CLEAN_SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64()))])


def found(text):
    """Secrets that are not passed over, as they stand in the text."""
    return [text[span.start : span.end] for span in DETECTOR.find(text) if span.passed_over is None]


def reason(text):
    """The rules by which what is there is no secret; a secret would be None."""
    return sorted({span.passed_over for span in DETECTOR.find(text)}, key=str)


def test_every_rule_finds_what_was_made_for_it_and_nothing_around_it():
    for rule, before, secret, behind in MADE:
        spans = [span for span in DETECTOR.find(before + secret + behind) if span.passed_over is None]
        places = [(span.start, span.end, span.recognizer) for span in spans]
        assert places == [(len(before), len(before) + len(secret), rule)], rule
    assert {rule for rule, *_ in MADE} == {rule.name for rule in rules()}


def test_all_texts_together_give_what_each_gives_alone_in_any_kind_of_array():
    texts = [before + secret + behind for _, before, secret, behind in MADE] + ["", "nothing"]
    alone = [DETECTOR.find(text) for text in texts]
    for kind in (pa.string(), pa.large_string()):
        assert DETECTOR.find_batch(pa.array(texts, kind)) == alone
        assert DETECTOR.find_batch(pa.array(texts, kind)[5:]) == alone[5:]
    joined = "\n\n".join(texts)
    assert len(DETECTOR.find(joined)) >= len(MADE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("password = changeme", "placeholder"),
        ('password: "<password>"', "placeholder"),
        ("DB_PASSWORD='${DB_PASSWORD}'", "placeholder"),
        ("password = '********'", "placeholder"),
        ("password: xxxxxxxx", "placeholder"),
        ("it returned password=secr3t.", "placeholder"),
        ('crypt($passwd,"\\U$name1")', "placeholder"),
        ("api_key = 'YOUR_API_KEY_GOES_HERE_1'", "placeholder"),
        ("api_key = 'abcdefghijklmnop1234567890'", "placeholder"),
        ("AKIAIOSFODNN7EXAMPLE", "placeholder"),
        ("postgres://user:password@localhost/db", "placeholder"),
        ("password = config.database.password1", "expression"),
        ("password: 'file:/run/secrets/db'", "reference"),
        ("password: '/run/secrets/db2'", "reference"),
        ("password = 'enter-your-new-password-here'", "placeholder"),
        ("password: 'letters-only-here'", "word"),
        ("passwd = 'ab1'", None),
        ("password = 'ab1!'", "short"),
        ("token = 'nRt7Zz'", None),
        ("token = 'nRt7ZzQ1x'", "low_entropy"),
        ("PublicKeyToken=b77a5c561934e089", "public"),
        ("next_token = 'asd98sdASD98asKJ'", "public"),
        (f"ghp_{'Zx9Qw3Er5Ty7Ui1Op2As4Df6Gh8Jk0'}000000", "checksum"),
        ("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "placeholder"),
        ("Authorization: Bearer YOUR_ACCESS_TOKEN_1234", "placeholder"),
    ],
)
def test_what_stands_for_a_secret_is_passed_over_by_name(text, why):
    assert reason(text) == ([] if why is None else [f"secrets.{why}"])


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['DB_PASSWORD']",
        "password = getpass.getpass()",
        "The password: enter it when asked.",
        "basic principles, and basic authentication",
        "a token (of my affection), and a secret, which I kept",
        "eyJ is how a token begins; eyJub25lIjoxfQ.eyJub25lIjoxfQ.AAAAAAAA is none",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "https://host.org/?page=2&sort=key",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "uuid 123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_prose_code_and_hashes_are_no_secrets(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("passwort: Strasse9\u00f6!x next", "Strasse9\u00f6!x"),
        ("has\u0142o: Za\u017c\u00f3\u0142\u01079g\u0119\u015b", "Za\u017c\u00f3\u0142\u01079g\u0119\u015b"),
        ("password: Zx9!kkQQ\u5bc6\u7801", "Zx9!kkQQ"), ("password: Zx9!kkQQ\u00a0next", "Zx9!kkQQ"),
    ],
)  # fmt: skip
def test_a_bare_password_goes_to_its_end_where_letters_have_accents(text, secret):
    assert [text[span.start : span.end] for span in DETECTOR.find(text)] == [secret]


def test_what_an_issuer_says_of_its_token_goes_before_the_name_that_it_is_assigned_to():
    token = github(random.Random(1))
    assert [span.recognizer for span in DETECTOR.find(f"token = '{token}'")] == ["github"]
    broken = token[:-6] + "aaaaaa"
    assert reason(f"token = '{broken}'") == ["secrets.checksum"]


def test_a_head_that_is_no_json_object_with_an_algorithm_is_no_token():
    token = jwt(random.Random(1))
    assert found(f"x {token} y") == [token]
    assert found("eyJbMSwyXQxxxx.eyJzdWIiOiIxIn0abc.c2lnbmF0dXJl") == []


def test_a_key_whose_end_is_missing_is_found():
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + next(secret for rule, _, secret, _ in MADE if rule == "pem").splitlines()[1] * 3
    assert found(f"{key}\n") in ([key], [f"{key}\n"])


def test_scrubbed_secrets_are_gone_and_the_text_scrubs_to_itself():
    scrub = Scrub(detectors={"secrets": DETECTOR}, replacement=Replacement())
    texts = [before + secret + behind for _, before, secret, behind in MADE]
    rows = {"doc_id": [str(n) for n in range(len(texts))], "text": texts, "cuts": [[] for _ in texts]}
    given = scrub(pa.RecordBatch.from_pydict(rows, CLEAN_SCHEMA))
    final = given["finals"]["text"].to_pylist()
    assert len(final) == len(texts)
    for text, (_, _, secret, _) in zip(final, MADE, strict=True):
        assert secret not in text
    assert all(span.passed_over is not None for spans in DETECTOR.find_batch(pa.array(final)) for span in spans)


@pytest.mark.parametrize(
    "piece",
    [
        "=",
        "password=",
        "eyJ",
        "-eyJ",
        "a.a.a.",
        "-----BEGIN PRIVATE KEY-----\n",
        "7",
        "postgres://a:b",
        "curl -u ",
        "A",
        "sk-proj-a",
        "token = '",
        "twilio ",
    ],
)
def test_work_grows_with_the_text_whatever_it_is_made_of(piece):
    DETECTOR.find("password = warm")
    text = (piece * (200_000 // len(piece)))[:200_000]
    before = time.process_time()
    DETECTOR.find(text)
    assert time.process_time() - before < 3.0  # CPU seconds; quadratic work would take minutes


def test_only_what_is_asked_for_is_found():
    text = "password = 'k8#fQz!2' AKIAQ3EGRZ7XW5LM2KPD"
    assert [span.entity for span in Secrets(entities=("PASSWORD",)).find(text)] == ["PASSWORD"]
    assert [span.entity for span in Secrets(min_score=0.75).find(text)] == ["ACCESS_TOKEN"]
    with pytest.raises(ConfigError, match="did you mean 'PASSWORD'"):
        Secrets(entities=("PASSWORDS",))


def test_the_rules_are_in_the_key_of_the_step():
    assert set(encode(DETECTOR)["data"]) == {"secrets.toml"}
    assert {rule.entity for rule in rules()} == set(ENTITIES)


def test_a_rule_that_could_never_be_met_is_refused():
    make = partial(Rule, name="x", entity="PASSWORD", pattern="x", source="ours")
    with pytest.raises(ValueError, match="3 bytes or more"):
        make(anchors=("ab",))
    with pytest.raises(ValueError, match="no check is named"):
        make(anchors=("abc",), check="tokens")


@pytest.mark.parametrize("score", [-0.1, 2.0, float("nan")])
@pytest.mark.parametrize("detector", [Secrets, Presidio])
def test_a_score_that_nothing_could_have_is_refused(detector, score):
    with pytest.raises(ConfigError, match="from 0 to 1, or nothing is found"):
        detector(min_score=score)
