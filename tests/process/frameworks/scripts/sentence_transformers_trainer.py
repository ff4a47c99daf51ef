"""A sentence transformer of random words is trained by its own trainer, which reports to wandb."""

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.losses import CosineSimilarityLoss
from sentence_transformers.models import BoW, Dense

torch.manual_seed(7)

words = ["one", "two", "three", "four"]
model = SentenceTransformer(modules=[BoW(words), Dense(4, 3)], device="cpu")
rows = Dataset.from_dict(
    {"first": ["one two"] * 8, "second": ["three", "four"] * 4, "score": [0.1 * n for n in range(8)]}
)
arguments = SentenceTransformerTrainingArguments(
    "out", report_to="wandb", max_steps=4, logging_steps=1, per_device_train_batch_size=4, use_cpu=True,
    disable_tqdm=True, save_strategy="no", run_name="sentences",
)  # fmt: skip
SentenceTransformerTrainer(model, arguments, train_dataset=rows, loss=CosineSimilarityLoss(model)).train()
