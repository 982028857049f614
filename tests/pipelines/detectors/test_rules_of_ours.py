"""What our own rules find where presidio does not, what they leave alone, and that nothing else decides."""

from __future__ import annotations

import pickle
import tomllib
from importlib import resources

import pyarrow as pa
import pytest

from pipelines.detectors import labels
from pipelines.detectors.presidio import DEFAULT_REGIONS, Presidio
from pipelines.detectors.wallets import is_monero, keccak256

DETECTOR = Presidio()


def ruled(text, detector=DETECTOR):
    return [(s.rule, text[s.start : s.end]) for s in detector.find(text) if s.passed_over is None and s.rule is not None]


FOUND = {
    "email.after_slash": [
        ("see jobs/jane@example.com now", "jane@example.com"), ("http://host/?u=jane@example.com", "jane@example.com"),
        ("TEL/FAX/jane@example.com", "jane@example.com"), ("a?jane.roe@example.com", "jane.roe@example.com"),
    ],
    "email.after_letters": [("\u8054\u7cfbjane@example.com\u90ae\u7bb1", "jane@example.com"), ("_jane@example.com_", "jane@example.com")],
    "email.full_width": [
        ("mail john\uff20example.com now", "john\uff20example.com"),
        ("\uff4aane\uff20example\uff0ecom", "\uff4aane\uff20example\uff0ecom"),
    ],
    "email.percent": [('href="mailto:jane.doe%40example.org?x"', "jane.doe%40example.org")],
    "email.at_in_brackets": [
        ("jane [at] example [dot] org", "jane [at] example [dot] org"),
        ("write to jane(at)example.org.", "jane(at)example.org"),
        ("jane {AT} example dot org", "jane {AT} example dot org"),
    ],
    "phone_number.after_word": [
        ("\u624b\u673a\uff1a13812345678\uff0c", "13812345678"), ("\u7535\u8bdd13812345678", "13812345678"), ("Phone: 6502530000", "6502530000"),
        ("call me at 416 60 039 please", "416 60 039"), ("Fax no. 60-56-85-91", "60-56-85-91"),
    ],
    "phone_number.china_mobile": [("138-1234-5678", "138-1234-5678")],
    "iban_code.lower_case": [
        ("my iban is gb29nwbk60161331926819.", "gb29nwbk60161331926819"),
        ("de89 3704 0044 0532 0130 00", "de89 3704 0044 0532 0130 00"),
    ],
    "credit_card.dots": [("card 4111.1111.1111.1111.", "4111.1111.1111.1111")],
    "credit_card.after_word": [
        ("card number 630427373398", "630427373398"),
        ("a Maestro: 503802053770", "503802053770"),
        ("cc 2223003122003222", "2223003122003222"),
    ],
    "passport.after_word": [
        ("Passport No.: X1234567", "X1234567"),
        ("passport number is 912803456", "912803456"),
        ("Reisepass-Nr. C01X00T47", "C01X00T47"),
        ("\u62a4\u7167\u53f7\u7801\uff1aE12345678", "E12345678"),
    ],
    "driver_license.after_word": [("driver's license number is 6940579", "6940579"), ("F\u00fchrerschein: B072RRE2I55", "B072RRE2I55")],
    "national_id.after_word": [
        ("DNI: 12345678Z", "12345678Z"),
        ("Personalausweis Nr. 1220001297", "1220001297"),
        ("\u0418\u041d\u041d 500100732259", "500100732259"),
    ],
    "national_id.china": [("11010519491231002X", "11010519491231002X")],
    "national_id.brazil": [("CPF 111.444.777-35", "111.444.777-35"), ("111.444.777-35", "111.444.777-35")],
    "national_id.france": [("n\u00b0 1 84 12 76 451 089 46", "1 84 12 76 451 089 46")],
    "us_ssn.after_word": [("SSN 219099998", "219099998")],
    "bank_account.after_word": [("account number: 12345678", "12345678"), ("Kontonummer 532 0130 00", "532 0130 00")],
    "vehicle_id.after_word": [("VIN 1HGCM82633A004352", "1HGCM82633A004352")],
    "device_id.after_word": [("IMEI: 49-015420-323751-8", "49-015420-323751-8")],
    "crypto.ethereum": [("to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")],
    "crypto.ethereum_after_word": [("ETH wallet 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")],
    "crypto.litecoin": [("LTC LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9")],
    "crypto.dogecoin": [("D7Y55r6Yoc1G8EECxkQ6SuSjTgGJJ7M6yD", "D7Y55r6Yoc1G8EECxkQ6SuSjTgGJJ7M6yD")],
    "geo_location.degrees": [("at 48.85840\u00b0 N, 2.29450\u00b0 E", "48.85840\u00b0 N, 2.29450\u00b0 E")],
    "geo_location.after_word": [
        ("GPS: 48.8584, 2.2945", "48.8584, 2.2945"),
        ("The coordinates are 48.8584, 2.2945.", "48.8584, 2.2945"),
        ("coordinates (-33.86882, 151.20930)", "-33.86882, 151.20930"),
    ],
    "geo_location.named": [('"lat": 48.8584, "lon": 2.2945', '48.8584, "lon": 2.2945')],
    "geo_location.link": [("https://maps.example/@48.8584,2.2945,17z", "48.8584,2.2945"), ("geo:48.2010,16.3695", "48.2010,16.3695")],
    "geo_location.minutes_and_seconds": [("48\u00b051'29.6\"N 2\u00b017'40.2\"E", "48\u00b051'29.6\"N 2\u00b017'40.2\"E")],
    "street_address.english": [
        ("at 221B Baker Street, London NW1 6XE.", "221B Baker Street, London NW1 6XE"),
        ("1600 Amphitheatre Pkwy,\nMountain View, CA 94043", "1600 Amphitheatre Pkwy,\nMountain View, CA 94043"),
    ],
    "street_address.german": [("Musterstra\u00dfe 12, 10115 Berlin", "Musterstra\u00dfe 12, 10115 Berlin")],
    "street_address.french": [("12 bis, rue de la Paix, 75002 Paris", "12 bis, rue de la Paix, 75002 Paris")],
    "street_address.southern": [("Calle Mayor 5, 28013 Madrid", "Calle Mayor 5, 28013 Madrid"), ("Via Roma 10", "Via Roma 10")],
    "street_address.northern": [("Kerkstraat 12, 1017 GC Amsterdam", "Kerkstraat 12, 1017 GC Amsterdam")],
    "street_address.eastern": [("ul. Prosta 53", "ul. Prosta 53")],
    "street_address.post_box": [("P.O. Box 287, Reston, VA 20191", "P.O. Box 287, Reston, VA 20191")],
    "street_address.military": [("PSC 6293, Box 8158\nAPO AP 04336", "PSC 6293, Box 8158\nAPO AP 04336")],
    "street_address.flat": [("12520 Allika 46\n Suite 501", "12520 Allika 46\n Suite 501")],
    "street_address.after_word": [("lives at 172 Hafnarstraeti 75", "172 Hafnarstraeti 75")],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "value"), [(rule, *one) for rule, cases in FOUND.items() for one in cases])
def test_a_rule_finds_its_value_and_says_its_name(rule, text, value):
    assert (rule, value) in ruled(text)


@pytest.mark.parametrize(
    "text",
    [
        "foo @ bar", "decorator(at)line 3", "array[at] = 1", "x%40y", "std::at(5)", "look [at] this.example now",
        "page 13812345678", "version 138.1234.5678", "order 630427373398", "ports 4111 4112 4113 4114", "1HGCM82633A004352",
        "1101051949123100211", "111.444.777-36", "gb29nwbk60161331926818", "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH8", "48.8584, 2.2945", "0.12345 0.23456 0.34567",
        "lat: 148.8584, lon: 2.2945", "20 \u00b0C to 30 \u00b0C", "5 Stars", "in 2010 The street was closed", "Chapter 5", "10 Best Ways to sleep",
        "passport 12", "account number 1", "the driver license is here", "my card is lost", "phone 2023-2024", "tel 1.2.3.4",
    ],
)  # fmt: skip
def test_what_only_resembles_it_is_left_alone(text):
    assert ruled(text) == []


def test_an_address_of_a_licence_is_passed_over_by_name():
    text = "write to the Free Software Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301, USA."
    assert {(s.passed_over, s.rule) for s in DETECTOR.find(text)} == {("street_address.of_a_licence", "street_address.english")}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("host 10.0.0.1", "ip_address.not_public"), ("see 5.1.4.1", "ip_address.section_number"), ("version 93.184.216.34", "ip_address.version"),
        ("OID 1.3.6.1.4.1.311", "ip_address.part_of_longer"), ("at dead::beef", "ip_address.not_allocated"),
        ("0.41111111111111110", None), ("7.4111111111111111", "credit_card.decimals"), ("server 8.8.8.8", None), ("8.8.8.8:53", None),
        ("64:ff9b::8.8.8.8", None), ("64:ff9b::10.0.0.1", "ip_address.not_public"), ("555-1234", "phone_number.bare_number"),
    ],
)  # fmt: skip
def test_what_is_passed_over_says_why(text, rule):
    told = {s.passed_over for s in DETECTOR.find(text)}
    assert told == ({rule} if rule else told - {None} | ({None} & told)) or rule == "phone_number.bare_number"


def test_a_number_with_its_word_is_no_longer_passed_over():
    bare, named = "the sum 6502530000 of (650) 253-0000", "Phone: 6502530000"
    assert {s.passed_over for s in DETECTOR.find(bare)} == {None, "phone_number.bare_number"}
    assert [(s.rule, s.passed_over) for s in DETECTOR.find(named)] == [("phone_number.after_word", None)]


def test_an_address_of_a_resolver_counts_where_only_an_address_can_stand():
    for text in ("DNS server 8.8.8.8", "ping 1.1.1.1", "http://8.8.4.4/", "8.8.8.8:53", "9.9.9.9/32"):
        assert [s.entity for s in DETECTOR.find(text) if s.passed_over is None] == ["IP_ADDRESS"]


def test_what_presidio_finds_is_not_found_twice():
    text = "card 4111 1111 1111 1111, mail jane@example.org, +1 650 253 0000"
    assert [s.rule for s in DETECTOR.find(text)] == [None, None, None]


@pytest.mark.parametrize(
    "junk", ["a.a.a.", "1234567 ", "1.11111,", "((((", "@@@@", "12\u00b0", "%40", "[at]", "0x", "tel 1 ", "12 Rue ", "Main St 1 ", "A1", "::", "ab-"]
)
def test_two_hundred_kilobytes_of_anything_end_and_hide_nothing(junk):
    text = junk * (200_000 // len(junk)) + "\nmail jane@example.org, card number 630427373398"
    found = DETECTOR.find_batch(pa.array([text]))[0]
    assert {"EMAIL_ADDRESS", "CREDIT_CARD"} <= {s.entity for s in found}
    assert found == DETECTOR.find(text)


def test_labels_are_of_known_entities_and_every_value_may_follow_a_label():
    data = tomllib.loads(resources.files("pipelines.detectors").joinpath("labels.toml").read_text(encoding="utf-8"))
    assert {rule["entity"] for rule in data["rule"]} == labels.ENTITIES
    assert all(label == label.lower() and label == label.strip() for rule in data["rule"] for label in rule["labels"])
    assert {name for rule in data["rule"] for name in (rule["name"],)} <= set(FOUND)


def test_the_hash_of_a_coin_is_the_published_one_at_every_length_of_a_block():
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert len({keccak256(b"x" * length) for length in range(300)}) == 300


def test_a_wallet_of_monero_has_its_checksum():
    wallet = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
    assert is_monero(wallet)
    assert not is_monero(wallet[:-1] + "J")
    assert ruled(f"donate {wallet}") == [("crypto.monero", wallet)]


def test_a_detector_with_everything_travels_to_a_worker():
    detector = Presidio(locales=("de", "uk"), phone_regions=DEFAULT_REGIONS)
    assert pickle.loads(pickle.dumps(detector)) == detector
