"""The yardstick: one pass of ``str.split`` over the texts."""

from protocol import Arm

PASSES = 7

arm = Arm()
with arm.timed(passes=PASSES):
    for _ in range(PASSES):
        for text in arm.texts:
            text.split()
arm.finish()
