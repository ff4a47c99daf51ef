"""The bounds that nobody needs to change from outside."""

FLUSH_INTERVAL = 0.05  # seconds between two writes to the journal: half of the 100 ms that the contract grants
QUEUE_LIMIT = 20_000  # records that may wait for the writer before callers write themselves
# Bytes of images and the like that may wait to be written before callers do it themselves: what 0.1 s is enough for.
SNAPSHOT_LIMIT = 32 * 1024**2
REQUEST_TIMEOUT = (5.0, 30.0)  # seconds to connect, seconds between two bytes of an answer
UPLOAD_TIMEOUT = (5.0, 120.0)  # the same for a file, whose server may have to store it first
CONNECT_PATIENCE = 10.0  # seconds without an answer after which a server is said to be silent
ANSWER_TIME = 120.0  # seconds that an answer may take from its first byte to its last
ANSWER_LIMIT = 64 * 1024**2  # bytes of an answer; a run's details hold its configuration and a list of its keys
REASON_LIMIT = 64 * 1024  # bytes that are read of an answer that says no
RESUME_PATIENCE = 10.0  # seconds that `init` may ask the server about the run that is to be resumed or forked
WAIT_LIMIT = 600.0  # seconds: the longest wait that a server may ask for with Retry-After
BACKOFF = (0.5, 30.0)  # seconds: the first and the longest wait between two attempts of a delivery, jittered
NAME_LIMIT = 255  # characters of a run name, project name or run id that a Pluto server stores
TAG_LIMIT = 50  # tags that a Pluto server takes for a run
STRING_LIMIT = 200  # characters of a string logged as a series; of a longer one the latest value goes to the config
