"""What a run file says about engines. No option changes a result. Apart from the engines, so that reading a run file imports none of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """How the local engine uses the machine: the table ``[local]``."""

    workers: int = 0  # processes; 0: as many as there are processors
    partitions: int = 0  # pieces that a map is cut into; 0: four for each worker
    memory: str = "1GB"  # DuckDB's limit; beyond it, it spills to the warehouse's disk


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkOptions:
    """How to reach Spark: the table ``[spark]``."""

    master: str = "local[*]"  # `local[*]` for this machine, `spark://host:port` or `yarn` for a cluster
    partitions: int = 0  # pieces of a map and of a shuffle; 0: four for each core that Spark reports
    driver_memory: str = "2g"  # memory of the driver's JVM, as Spark writes it
    max_side_rows: int = 4_000_000  # above this, what every worker holds costs more than Spark's own join
    conf: dict[str, str] = field(default_factory=dict)  # anything else that spark-submit takes
