"""Where advice begins. These are this project's own judgements; docs/sweep.md gives the reasons at length."""

from __future__ import annotations

MIB = 1024 * 1024

#: A file below this is small. Writers aim at 128 MB (Spark, delta-rs) to 512 MB (Iceberg); a quarter of the least is
#: what compaction leaves alone by default, and an object read of 32 MB already takes ten times as long as its opening.
SMALL_FILE_BYTES = 32 * MIB
#: Small files are worth compaction once they are most of a table, and there are enough that opening them is what takes time.
SMALL_FILES_RATIO = 0.5
SMALL_FILES_LEAST = 10
#: Beyond this, planning and opening take seconds in every engine, whatever is read.
SMALL_FILES_MANY = 1_000
#: Compaction has to remove at least this part of the files: a table of small partitions cannot have large files.
COMPACTION_GAIN_RATIO = 0.3

#: A scan opens a half more, twice, as many files as there are data files.
READ_AMPLIFICATION = 1.5
READ_AMPLIFICATION_MUCH = 2.0
#: Rows read in vain. Iceberg's and Delta's own compaction takes files up at 30 and 5 percent.
DELETED_RATIO = 0.1
DELETED_RATIO_MUCH = 0.3
#: Each equality delete is a join with every older data file of its partition: a few are what streams leave in minutes.
EQUALITY_DELETE_FILES = 1
EQUALITY_DELETE_FILES_MANY = 50
DANGLING_DELETE_FILES = 1

#: Snapshots that retention would let go and nobody removes. Fewer are what is left between two runs of a daily job.
EXPIRABLE_SNAPSHOTS = 10
EXPIRABLE_SNAPSHOTS_MANY = 500

#: Reclaimable bytes, as part of what is stored, and the least amount that is worth a person's time: 1 GiB costs $0.28 a year.
RECLAIMABLE_RATIO = 0.1
RECLAIMABLE_RATIO_MUCH = 0.5
RECLAIMABLE_BYTES = 1024 * MIB
RECLAIMABLE_BYTES_MUCH = 100 * 1024 * MIB

#: Delta: a reader opens every commit since the newest checkpoint, one object each.
COMMITS_SINCE_CHECKPOINT = 20
COMMITS_SINCE_CHECKPOINT_MANY = 100

#: Iceberg: files that a manifest names on average, once there are enough manifests to be worth rewriting them.
MANIFESTS_LEAST = 50
FILES_A_MANIFEST = 20

#: Parquet: rows in a row group on average. Below it statistics and column chunks cost more than they save.
ROWS_A_ROW_GROUP = 5_000
#: A file that is damaged or missing is a broken table, however many others there are.
BROKEN_FILES = 1

#: What counts as an orphan old enough to delete: writers in flight have not committed yet. Iceberg's own default.
ORPHAN_HOURS = 72.0
#: The formats' defaults, where a table says nothing.
ICEBERG_SNAPSHOT_HOURS = 120.0
DELTA_RETENTION_HOURS = 168.0
DELTA_LOG_HOURS = 720.0
DELTA_CHECKPOINT_INTERVAL = 100
