"""datatrove's PIIFormatter: e-mail addresses and public IPv4 addresses only."""

from datatrove.pipeline.formatters import PIIFormatter
from protocol import WARM_UP, Arm

arm = Arm("datatrove")
formatter = PIIFormatter()
formatter.format(WARM_UP)
with arm.timed():
    changed = sum(formatter.format(text) != text for text in arm.texts)
arm.finish(changed=changed)
