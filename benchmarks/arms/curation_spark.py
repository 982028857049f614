"""The same run on Spark, ``local[2]``. The JVM's CPU seconds count."""

from curation_assay import curate
from protocol import Arm

curate(Arm("assay", "pyspark"), "spark")
