"""Transformers of a few thousand weights in a folder, as `transformers` writes them."""

from pathlib import Path

WORDS = [
    "the",
    "movie",
    "was",
    "and",
    "i",
    "think",
    "that",
    "this",
    "film",
    "is",
    "a",
    "story",
    "about",
    "people",
    "who",
    "live",
    "great",
    "lovely",
    "brilliant",
    "funny",
    "touching",
    "superb",
    "awful",
    "boring",
    "terrible",
    "stupid",
    "dull",
    "weak",
    ".",
]


def tokenizer(folder: Path, specials: tuple[str, ...]):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = [*specials, *WORDS]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(names)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    options = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
    if "[CLS]" in specials:
        ends = [(s, specials.index(s)) for s in ("[CLS]", "[SEP]")]
        made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
        options |= {"cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast = PreTrainedTokenizerFast(tokenizer_object=made, **options)
    fast.save_pretrained(folder)
    return len(names)


def bert(folder: Path) -> Path:
    import torch
    from transformers import BertConfig, BertModel

    n = tokenizer(folder, ("[PAD]", "[UNK]", "[CLS]", "[SEP]"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=n, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, pad_token_id=0,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nA model of random numbers.\n")
    return folder


def gpt2(folder: Path) -> Path:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    n = tokenizer(folder, ("[PAD]", "[UNK]"))
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=n,
        n_positions=48,
        n_embd=32,
        n_layer=2,
        n_head=4,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
