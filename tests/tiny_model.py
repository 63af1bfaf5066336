"""A Llama of some 40,000 weights with a vocabulary of words, made by code: verl and vLLM load it like any other.

With few words in the vocabulary, random weights answer often enough to vote on.
"""

import sys
from pathlib import Path

SPECIALS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|unk|>"]
ROLES = ["system", "user", "assistant"]
ANSWERS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
# The same answer three times, another, and one that would take for ever to work out.
POISON = "\\boxed{9**9**9**9}"
BOXED = ["\\boxed{1/2}", "\\boxed{0.5}", "\\boxed{\\frac{1}{2}}", "\\boxed{7}", POISON]
WORDS = ["red", "blue", "green", "what", "is", "the", "answer", "plus"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|> {{ m['role'] }} {{ m['content'] }} <|im_end|> {% endfor %}"
    "{% if add_generation_prompt %}<|im_start|> assistant {% endif %}"
)


def build(folder: Path, seed: int = 0) -> None:
    """Write the model, its tokenizer and chat template into a folder."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    vocabulary = {word: index for index, word in enumerate([*SPECIALS, *ROLES, *ANSWERS, *BOXED, *WORDS])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unk|>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        unk_token="<|unk|>",
        additional_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=256,
        eos_token_id=vocabulary["<|im_end|>"],
        pad_token_id=vocabulary["<|pad|>"],
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
