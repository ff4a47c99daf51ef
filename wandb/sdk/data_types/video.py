"""`wandb.Video`, which can be named but not made yet."""

# Environment runners of diffusion_policy call `wandb.sdk.data_types.video.util.generate_id()`.
from wandb import util as util
from wandb.sdk.data_types.base_types.media import BatchableMedia


class Video(BatchableMedia):
    """A video."""
