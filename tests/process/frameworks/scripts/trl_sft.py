"""A tiny GPT-2 with its own tokenizer is fine-tuned by trl, which reports to wandb."""

from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, set_seed
from trl import SFTConfig, SFTTrainer

set_seed(7)
words = {word: number for number, word in enumerate(["<pad>", "<eos>", "<unk>", "one", "two", "three", "four"])}
inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
inner.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
model = GPT2LMHeadModel(
    GPT2Config(vocab_size=7, n_positions=16, n_embd=8, n_layer=1, n_head=1, bos_token_id=1, eos_token_id=1)
)
rows = Dataset.from_dict({"text": ["one two three", "two three four"] * 4})
arguments = SFTConfig(
    "out", report_to="wandb", max_steps=4, logging_steps=1, per_device_train_batch_size=2, use_cpu=True, bf16=False,
    disable_tqdm=True, save_strategy="no", max_length=8, run_name="sft",
)  # fmt: skip
SFTTrainer(model, arguments, train_dataset=rows, processing_class=tokenizer).train()
