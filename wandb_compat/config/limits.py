"""Limits that need no change from outside, by topic, each with its unit and its reason.

Limits that users may change are in `wandb_compat.config.settings`. A limit that concerns one module only may be defined
beside its use.
"""

# Caller to disk
FLUSH_INTERVAL = 0.05  # seconds between two writes to the journal: half of the 0.1 s within which data is on disk
QUEUE_LIMIT = 20_000  # records that may wait for the writer; past that the caller of `log` writes
WRITE_BATCH = 2000  # records a write: each is copied twice on the way to the disk, which bounds the memory for that
UNWRITTEN_LIMIT = 64 * 1024**2  # bytes kept in memory while the disk refuses writes; past that records are lost
# Bytes of images and other media that may wait for the encoder; past that the caller encodes. What 0.1 s suffices for.
SNAPSHOT_LIMIT = 32 * 1024**2

# Uploader process, as the training process sees it
STATUS_INTERVAL = 0.2  # seconds between two reads of the uploader's status

# Requests of the uploader
# Seconds between two requests of one kind while a run goes on: at its start, and later. A server stores every 5 s.
SEND_INTERVALS = 0.5, 3.5
UPLOADER_STAY = 10.0  # seconds that it waits for the trainer's next run, whose start it saves
SAMPLES_INTERVAL = 15.0  # the same for system metrics of a run that logs nothing else

# End of a run
DUAL_FINISH_BUDGET = 5.0  # seconds that dual mode may add to the end of a run…
DISTRIBUTED_FINISH_BUDGET = 30.0  # …and in a distributed job, whose ranks end together
DRAIN_POLL = 0.1  # seconds between two checks whether the uploader has ended…
DRAIN_FIRST_POLL = 0.005  # …and at first, when most have: each check after that waits longer
# Seconds to wait for a server that is known to be away, or for an uploader that cannot know of the end.
DRAIN_GRACE = 3.0
DRAIN_QUIET = 2.0  # seconds before progress is shown: most runs end sooner
DRAIN_LINE_INTERVAL = 5.0  # seconds between two lines of progress where no bar can be drawn

# Rows and summary
HIGHEST_TIME = 253_402_300_799  # seconds since the epoch, the end of the year 9999: a later time is no date
HIGHEST_STEP = 2**63 - 1  # a server stores an unsigned integer, of which databases keep 63 bits
SUMMARY_DELAY = 1.0  # seconds from the first row, or from a change by the script, to a publication of the summary
SUMMARY_CHANGE_INTERVAL = 5.0  # seconds at least between two publications of what the script changes in the summary
SUMMARY_INTERVAL = 30.0  # seconds at most between two publications of the summary while rows come in
ALERT_PAUSE = 60.0  # seconds in which an alert of the same title is not sent again

# Several processes of one run
# Seconds that a thread waits in `log` for another thread of dual mode; rows may change places after that.
ORDER_TIMEOUT = 1.0
STEP_LOCK_TIMEOUT = 1.0  # seconds that the first row waits for another process's lock on the step; later ones do not
RANK_LOCK_TIMEOUT = 20.0  # seconds that the uploader of one rank waits for those of other ranks

# Console capture
CONSOLE_INTERVAL = 0.1  # seconds that printed text may wait to be processed together
CONSOLE_BACKLOG = 1_000_000  # characters, about, that may wait; a script that prints faster than that is slowed down…
CONSOLE_DELAY = 0.001, 2e-6, 0.2  # …seconds a piece of text: at least, for each of its characters, at most
CONSOLE_LINE_LIMIT = 64 * 1024  # characters of a line; the rest of a longer one is dropped
CONSOLE_PIPE_SIZE = 1024**2  # bytes, on Linux
CONSOLE_CHILD_GRACE = 1.0  # seconds that the end waits for child processes that still print

# TensorBoard's event files
EVENT_FILE_POLL = 1.0  # seconds between two reads
NAMESPACE_GRACE = 10.0  # seconds in which a second log directory may show that keys need the directory's name in front

# Questions to the server
RESUME_TIMEOUT = 10.0  # seconds that `init` may ask the server about the run that is to be resumed or forked
OUTAGE_GRACE = 10.0  # seconds for which a server may be away before dual mode warns
REQUEST_TIMEOUT = (5.0, 30.0)  # seconds to connect, seconds between two bytes of an answer
UPLOAD_TIMEOUT = (5.0, 120.0)  # the same for a file, whose server may have to store it first
CONNECT_PATIENCE = 10.0  # seconds without an answer after which a server counts as silent
ANSWER_TIME = 120.0  # seconds that an answer may take from its first byte to its last
ANSWER_LIMIT = 64 * 1024**2  # bytes of an answer; a run's details hold its configuration and a list of its keys
REASON_LIMIT = 64 * 1024  # bytes that are read of the body of a refusal
WAIT_LIMIT = 600.0  # seconds: the longest wait that a server may ask for with Retry-After
BACKOFF = (0.5, 30.0)  # seconds: the first and the longest wait between two attempts of a delivery, jittered
PARALLEL_READS = 8  # requests that one call sends at the same time

# What a server stores
NAME_LIMIT = 255  # characters of a run name, project name or run id
TAG_LIMIT = 50  # tags of a run
NOTES_LIMIT = 1000  # characters of a run's notes in the server's field; the config has them in full
STRING_LIMIT = 200  # characters of a string logged as a series; of a longer one the latest value goes to the config
