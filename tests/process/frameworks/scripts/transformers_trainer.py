"""A tiny BERT is trained by the Trainer, which reports to wandb."""

import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

set_seed(7)


class Sentences(Dataset):
    """Random sentences, of which the first word tells the class."""

    def __init__(self, count):
        words = torch.randint(1, 50, (count, 8))
        self.rows = [{"input_ids": row, "labels": row[0] % 2} for row in words]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


config = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
)
arguments = TrainingArguments(
    "out",
    report_to="wandb",
    run_name="tiny",
    max_steps=104,
    logging_steps=20,
    eval_strategy="steps",
    eval_steps=52,
    save_strategy="steps",
    save_steps=52,
    per_device_train_batch_size=4,
    use_cpu=True,
    disable_tqdm=True,
)
model = BertForSequenceClassification(config)
trainer = Trainer(model, arguments, train_dataset=Sentences(32), eval_dataset=Sentences(8))
trainer.train()
