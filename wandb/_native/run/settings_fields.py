"""Every setting of wandb 0.31 with its type and default; few of them mean anything to Pluto.

The annotations are objects and not texts: values are checked by them (`run_settings`), and `wandb.Settings` is made of
them.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

from wandb.sdk.lib.run_moment import RunMoment

TAG_LENGTH_LIMIT = 64  # characters, wandb's own limit
# Settings of wandb 0.12 to 0.30 that 0.31 does not have: scripts still set them.
FORMER = frozenset(
    (
        *("disable_hints", "disabled", "magic", "problem", "start_method", "summary_errors", "system_sample"),
        *(
            "system_sample_seconds",
            "tmp_dir",
            "x_async_upload_concurrency_limit",
            "x_config_dict",
            "x_console",
            "x_cuda",
        ),
        *("x_disable_service", "x_disable_setproctitle", "x_disable_update_check", "x_except_exit"),
        *("x_file_uploader_retry_max", "x_file_uploader_retry_wait_max_seconds"),
        *("x_file_uploader_retry_wait_min_seconds", "x_file_uploader_timeout_seconds", "x_internal_queue_timeout"),
        *("x_require_core", "x_require_legacy_service", "x_require_nexus", "x_require_service"),
        *("x_server_side_expand_glob_metrics", "x_show_operation_stats", "x_stats_join_assets"),
        *("x_stats_sample_rate_seconds", "x_stats_samples_to_average", "x_tracelog", "x_unsaved_keys"),
    )
)


class SettingsFields:
    """The plain fields and their defaults; those of FACTORIES are found out for each object."""

    allow_media_symlink: bool = False
    allow_offline_artifacts: bool = True
    allow_val_change: bool = False
    anonymous: Any = None
    api_key: str | None = None
    azure_account_url_to_access_key: dict[str, str] | None = None
    app_url_override: str | None = None
    base_url: str = "https://api.forge.coreweave.com"
    code_dir: str | None = None
    config_paths: Sequence[str] | None = None
    console: Literal["auto", "off", "wrap", "redirect", "wrap_raw", "wrap_emu"] = "auto"
    console_multipart: bool = False
    console_chunk_max_bytes: int = 0
    console_chunk_max_seconds: int = 0
    capture_loggers: dict[str, str] | None = None
    credentials_file: str = "~/.config/wandb/credentials.json"
    disable_code: bool = False
    disable_git: bool = False
    disable_git_fork_point: bool = True
    disable_job_creation: bool = True
    docker: str | None = None
    email: str | None = None
    entity: str | None = None
    organization: str | None = None
    force: bool = False
    fork_from: RunMoment | None = None
    git_commit: str | None = None
    git_remote: str = "origin"
    git_remote_url: str | None = None
    git_root: str | None = None
    heartbeat_seconds: int = 30
    host: str | None = None
    http_proxy: str | None = None
    https_proxy: str | None = None
    identity_token_file: str | None = None
    ignore_globs: Sequence[str] = ()
    init_timeout: float = 90.0
    finish_timeout: float = 0.0
    finish_timeout_raises: bool = False
    insecure_disable_ssl: bool = False
    job_name: str | None = None
    job_source: Literal["repo", "artifact", "image"] | None = None
    label_disable: bool = False
    launch: bool = False
    launch_config_path: str | None = None
    login_timeout: float | None = None
    mode: Literal["online", "offline", "shared", "disabled", "dryrun", "run"] = "online"
    notebook_name: str | None = None
    program: str | None = None
    program_abspath: str | None = None
    program_relpath: str | None = None
    project: str | None = None
    quiet: bool = False
    reinit: Literal["default", "return_previous", "finish_previous", "create_new"] | bool = "default"
    relogin: bool = False
    resume: Literal["allow", "must", "never", "auto"] | None = None
    resume_from: RunMoment | None = None
    resumed: bool = False
    root_dir: str = ""
    run_group: str | None = None
    run_id: str | None = None
    run_job_type: str | None = None
    run_name: str | None = None
    run_notes: str | None = None
    run_tags: tuple[str, ...] | None = None
    sagemaker_disable: bool = False
    save_code: bool | None = None
    settings_system: str | None = None
    stop_fn: Callable[[], Any] | None = None
    max_end_of_run_history_metrics: int = 10
    max_end_of_run_summary_metrics: int = 10
    show_colors: bool | None = None
    show_emoji: bool | None = None
    show_errors: bool = True
    show_info: bool = True
    show_warnings: bool = True
    silent: bool = False
    stop_on_fatal_error: bool = False
    strict: bool | None = None
    summary_timeout: int = 60
    summary_warnings: int = 5
    sweep_id: str | None = None
    sweep_param_path: str | None = None
    symlink: bool = os.name != "nt"
    sync_tensorboard: bool | None = None
    table_raise_on_max_row_limit_exceeded: bool = False
    use_dot_wandb: bool | None = None
    username: str | None = None
    x_cli_only_mode: bool = False
    x_disable_meta: bool = False
    x_disable_stats: bool = False
    x_disable_viewer: bool = False
    x_disable_machine_info: bool = False
    x_executable: str | None = None
    x_extra_http_headers: dict[str, str] | None = None
    x_file_stream_max_bytes: int | None = None
    x_file_stream_max_line_bytes: int | None = None
    x_file_stream_transmit_interval: float | None = None
    x_file_stream_no_gzip: bool = True
    x_file_stream_retry_max: int | None = None
    x_file_stream_retry_wait_min_seconds: float | None = None
    x_file_stream_retry_wait_max_seconds: float | None = None
    x_file_stream_timeout_seconds: float | None = None
    x_file_transfer_retry_max: int | None = None
    x_file_transfer_retry_wait_min_seconds: float | None = None
    x_file_transfer_retry_wait_max_seconds: float | None = None
    x_file_transfer_timeout_seconds: float | None = None
    x_files_dir: str | None = None
    x_flow_control_custom: bool | None = None
    x_flow_control_disabled: bool | None = None
    x_graphql_retry_max: int | None = None
    x_graphql_retry_wait_min_seconds: float | None = None
    x_graphql_retry_wait_max_seconds: float | None = None
    x_graphql_timeout_seconds: float | None = None
    x_history_value_encoding: str = "json"
    x_internal_check_process: float = 8.0
    x_jupyter_name: str | None = None
    x_jupyter_path: str | None = None
    x_jupyter_root: str | None = None
    x_label: str | None = None
    x_live_policy_rate_limit: int | None = None
    x_live_policy_wait_time: int | None = None
    x_log_level: int = 20
    x_network_buffer: int | None = None
    x_primary: bool = True
    x_proxies: dict[str, str] | None = None
    x_runqueue_item_id: str | None = None
    x_save_requirements: bool = True
    x_server_side_derived_summary: bool = False
    x_service_transport: str | None = None
    x_service_wait: float = 30.0
    x_skip_transaction_log: bool = False
    x_start_time: float | None = None
    x_stats_pid: int = 0
    x_stats_sampling_interval: float = 15.0
    x_stats_neuron_monitor_config_path: str | None = None
    x_stats_dcgm_exporter: str | None = None
    x_stats_open_metrics_endpoints: dict[str, str] | None = None
    x_stats_open_metrics_filters: dict[str, dict[str, str]] | Sequence[str] | None = None
    x_stats_open_metrics_http_headers: dict[str, str] | None = None
    x_stats_disk_paths: Sequence[str] | None = ("/",)
    x_stats_cpu_count: int | None = None
    x_stats_cpu_logical_count: int | None = None
    x_stats_gpu_count: int | None = None
    x_stats_gpu_type: str | None = None
    x_stats_gpu_device_ids: Sequence[int] | None = None
    x_stats_buffer_size: int = 0
    x_stats_coreweave_metadata_base_url: str = "http://169.254.169.254"
    x_stats_coreweave_metadata_endpoint: str = "/api/v2/cloud-init/meta-data"
    x_stats_track_process_tree: bool = False
    x_stats_no_cgroup: bool = False
    x_stats_self_usage: bool = False
    x_sync: bool = False
    x_sync_dir_suffix: str = ""
    x_transaction_log_flush_interval: float = 15.0
    x_update_finish_state: bool = True


FACTORIES: dict[str, Callable[[], Any]] = {"root_dir": os.getcwd, "x_stats_pid": os.getpid}
# They may hold secrets: no `repr` shows them.
HIDDEN = ("api_key", "azure_account_url_to_access_key", "x_extra_http_headers")
