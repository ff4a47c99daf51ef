"""lm-eval's WandbLogger is given the results of an evaluation, with its samples."""

from lm_eval.loggers import WandbLogger

results = {
    "results": {"toy": {"alias": "toy", "acc,none": 0.75, "acc_stderr,none": 0.1}},
    "configs": {
        "toy": {
            "task": "toy",
            "output_type": "multiple_choice",
            "num_fewshot": 0,
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
            "metadata": {"version": 1.0},
        }
    },
    "config": {"model": "tiny", "model_args": "a=1", "batch_size": 1},
    "versions": {"toy": 1.0},
    "n-shot": {"toy": 0},
    "group_subtasks": {},
    "git_hash": "abc",
}
samples = {
    "toy": [
        {
            "doc_id": number,
            "doc": {"text": f"what is {number}?"},
            "target": number % 2,
            "arguments": [[f"what is {number}?", " a"], [f"what is {number}?", " b"]],
            "resps": [[[-1.0, True]], [[-2.0, False]]],
            "filtered_resps": [[-1.0, True], [-2.0, False]],
            "acc": float(number % 2),
        }
        for number in range(4)
    ]
}
logger = WandbLogger(init_args={"project": "lm-eval", "job_type": "eval"}, config_args={"shots": 0})
logger.post_init(results)
logger.log_eval_result()
logger.log_eval_samples(samples)
logger.run.finish()
