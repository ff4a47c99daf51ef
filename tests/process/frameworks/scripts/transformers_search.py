"""Three trials of a hyperparameter search, each a separate run."""

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

rows = [{"input_ids": torch.arange(1, 7) + index, "labels": torch.tensor(index % 2)} for index in range(8)]
config = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
)
arguments = TrainingArguments(
    "out",
    report_to="wandb",
    max_steps=4,
    logging_steps=1,
    eval_strategy="steps",
    eval_steps=2,
    save_strategy="no",
    per_device_train_batch_size=4,
    use_cpu=True,
    disable_tqdm=True,
    seed=7,
)
trainer = Trainer(
    None,
    arguments,
    train_dataset=rows,
    eval_dataset=rows,
    model_init=lambda trial: BertForSequenceClassification(config),
)


def space(trial):
    """Return one rate for each trial, so that each execution tries the same."""
    rate = 1e-4 * (trial.number + 1)
    return {"learning_rate": trial.suggest_float("learning_rate", rate, rate)}


trainer.hyperparameter_search(hp_space=space, backend="optuna", n_trials=3)
