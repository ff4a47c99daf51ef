"""What is left out of a script's arguments, and what is not."""

import pytest

from wandb_compat.run.arguments import without_keys

SECRETS = [
    "mlpi_Abc123",
    "hf_AbCdEfGhIjKlMnOpQrSt",
    "sk-proj-abcdefghijklmnop1234",
    "ghp_abcdefghijklmnop1234",
    "a1" * 20,
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", [[], ["--lr", "0.1"], ["train"]])
def test_keys_by_their_form(secret: str, before: list[str]) -> None:
    """Wherever they are: alone, behind an option, behind an equals sign, in a longer text."""
    for arguments in ([secret], ["--x", secret], [f"--x={secret}"], [f"x.y={secret}"], [f"Bearer {secret}"]):
        shown = without_keys([*before, *arguments])
        assert secret not in " ".join(shown) and "[key]" in shown[-1]
        assert shown[: len(before)] == before and len(shown) == len(before) + len(arguments)


@pytest.mark.parametrize(
    "option", ["--api-key", "--api_key", "-apikey", "--wandb-api-key", "--hf_token", "--db.password", "--client-secret"]
)
def test_values_of_secret_options(option: str) -> None:
    """Whatever they look like."""
    assert without_keys([option, "short", "--lr", "1"]) == [option, "[key]", "--lr", "1"]
    assert without_keys([f"{option}=short", "file"]) == [f"{option}=[key]", "file"]
    assert without_keys([option, "--lr", "1"]) == [option, "--lr", "1"]
    assert without_keys([option.lstrip("-") + "=short"]) == [option.lstrip("-") + "=[key]"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "0.1", "--name=a b", "data/train.csv", "-v", "--"],
        ["--pad-token", "<pad>", "--key=loss", "--image_token", "151655", "--max-tokens", "4096"],
        ["--commit", "a1" * 20, f"--model.revision={'0f' * 20}"],
        ["--monkey", "banana", "--keys", "a,b", "--token-type", "bpe", "+trainer.key_dim=64", "~model.head"],
        ["https://example.org/a@b?c=d", "model=resnet50-imagenet1k-v2", "--tokenizer", "gpt2"],
        ["=", "", "==", "a=b=c"],
    ],
)
def test_ordinary_arguments_stay(arguments: list[str]) -> None:
    """Also those that sound a little like keys."""
    assert without_keys(arguments) == arguments


def test_passwords_in_urls() -> None:
    """The host and the user stay."""
    assert without_keys(["--db", "postgres://me:hidden@host/x"]) == ["--db", "postgres://me:[key]@host/x"]
    assert without_keys(["token=Abcdefgh12345678xyz"]) == ["token=[key]"]
