"""Cells of the course about text (fastbook, chapter 10), typed as they are there, with only their import changed."""

import doctest
import inspect

import matplotlib
import pytest

matplotlib.use("Agg")

import tipoff.notebook.texts
import tipoff.text.all as face


@pytest.fixture
def cells(folder, tmp_path, monkeypatch):
    """Runs cells in one namespace, as a notebook does, with `path` a folder of reviews."""
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    exec("from tipoff.text.all import *", space)
    space["path"] = face.Path(folder)

    def run(cell: str) -> dict[str, object]:
        exec(inspect.cleandoc(cell), space)
        return space

    return run


def test_every_name_is_there_and_none_is_hidden():
    names = face.__all__
    assert sorted(set(names)) == sorted(names) and all(hasattr(face, n) for n in names)
    imported = {n for n, v in vars(face).items() if not n.startswith("_") and not inspect.ismodule(v)}
    assert imported <= {*names}


def test_the_examples_run():
    assert doctest.testmod(tipoff.notebook.texts).failed == 0


def test_words(cells):
    made = cells(
        """
        files = get_text_files(path, folders = ['train', 'test', 'unsup'])
        txt = files[0].open().read(); txt[:75]
        spacy = WordTokenizer()
        toks = first(spacy([txt]))
        shown = coll_repr(toks, 30)
        dollars = first(spacy(['The U.S. dollar $1 is $1.00.']))
        tkn = Tokenizer(spacy)
        ruled = coll_repr(tkn(txt), 31)
        rules = defaults.text_proc_rules
        index = coll_repr(tkn('&copy;   Fast.ai www.fast.ai/INDEX'), 31)
        """
    )
    assert len(made["files"]) == 120 and made["toks"][0] == made["txt"].split()[0]
    assert list(made["dollars"]) == ["The", "U.S.", "dollar", "$", "1", "is", "$", "1.00", "."]
    assert made["ruled"].startswith("(#") and "'xxbos'," in made["ruled"]
    assert (
        made["index"] == "(#11) ['xxbos','©','xxmaj','fast.ai','xxrep','3','w','.fast.ai','/','xxup','index']"
    )
    assert [r.__name__ for r in made["rules"]][:2] == ["fix_html", "replace_rep"]


def test_subwords(cells):
    made = cells(
        """
        files = get_text_files(path)
        txts = L(o.open().read() for o in files[:2000])
        txt = txts[0]
        def subword(sz):
            sp = SubwordTokenizer(vocab_sz=sz)
            sp.setup(txts)
            return ' '.join(first(sp([txt]))[:40])
        short = subword(60)
        long = subword(300)
        """
    )
    assert made["short"].startswith("▁") and len(made["short"].split()) >= len(made["long"].split())
    assert (
        made["long"].replace(" ", "").replace("▁", " ").strip()
        == made["txt"][: len(made["long"].replace(" ", "")) - 1]
    )


def test_numbers_and_language_model_batches(cells):
    made = cells(
        """
        files = get_text_files(path)
        txts = L(o.open().read() for o in files[:2000])
        tkn = Tokenizer(WordTokenizer())
        toks = tkn(txts[0])
        toks200 = txts[:200].map(tkn)
        num = Numericalize()
        num.setup(toks200)
        vocab = coll_repr(num.vocab,20)
        nums = num(toks)[:20]; nums
        back = ' '.join(num.vocab[o] for o in nums)
        nums200 = toks200.map(num)
        dl = LMDataLoader(nums200, bs=8)
        x,y = first(dl)
        one = ' '.join(num.vocab[o] for o in x[0][:20])
        two = ' '.join(num.vocab[o] for o in y[0][:20])
        lens = nums200[:10].map(len)
        """
    )
    assert (
        made["vocab"].startswith("(#")
        and "'xxunk','xxpad','xxbos','xxeos','xxfld','xxrep','xxwrep','xxup','xxmaj'" in made["vocab"]
    )
    assert len(made["num"].vocab) % 8 == 0 and made["back"].split() == list(made["toks"][:20])
    assert made["x"].shape == (8, 72) and made["y"].shape == (8, 72)
    assert made["one"].split()[1:] == made["two"].split()[:-1] and list(made["one"].split()) == list(
        made["toks"][:20]
    )
    assert list(made["lens"]) == [len(t) for t in made["toks200"][:10]]


def test_the_middle_level(cells):
    """Chapter 11: pipelines of transforms."""
    made = cells(
        """
        files = get_text_files(path, folders = ['train', 'test'])
        txts = L(o.open().read() for o in files[:200])
        tok = Tokenizer.from_folder(path)
        tok.setup(txts)
        toks = txts.map(tok)
        num = Numericalize()
        num.setup(toks)
        nums = toks.map(num)
        nums_dec = num.decode(nums[0][:10]); nums_dec
        text = tok.decode(nums_dec)
        two = tok((txts[0], txts[1]))
        tfms = Pipeline([tok, num])
        t = tfms(txts[0]); t[:20]
        back = tfms.decode(t)[:100]
        tls = TfmdLists(files, [Tokenizer.from_folder(path), Numericalize])
        t2 = tls[0]; t2[:20]
        dsets = Datasets(files, [[Tokenizer.from_folder(path), Numericalize], [parent_label, Categorize]])
        pair = dsets[0]
        """
    )
    assert made["text"].startswith("xxbos ") and len(made["two"]) == 2
    assert made["back"].startswith("xxbos ") and made["t"].tolist() == made["t2"].tolist()
    assert made["pair"][0].tolist() == made["t"].tolist() and made["pair"][1] in (0, 1)


def test_the_books_language_model_and_classifier(cells):
    made = cells(
        """
        get_imdb = partial(get_text_files, folders=['train', 'test', 'unsup'])

        dls_lm = DataBlock(
            blocks=TextBlock.from_folder(path, is_lm=True),
            get_items=get_imdb, splitter=RandomSplitter(0.1)
        ).dataloaders(path, path=path, bs=8, seq_len=20)

        dls_lm.show_batch(max_n=2)

        dls_clas = DataBlock(
            blocks=(TextBlock.from_folder(path, vocab=dls_lm.vocab),CategoryBlock),
            get_y = parent_label,
            get_items=partial(get_text_files, folders=['train', 'test']),
            splitter=GrandparentSplitter(valid_name='test')
        ).dataloaders(path, path=path, bs=8, seq_len=72)

        dls_clas.show_batch(max_n=3)
        dls = TextDataLoaders.from_folder(path, valid='test')
        """
    )
    assert made["dls_lm"].one_batch()[0].shape == (8, 20)
    assert made["dls_clas"].vocab[1] == ["neg", "pos"] and made["dls"].valid.n == 24


def test_a_folder_as_a_language_model(cells):
    made = cells("dls = TextDataLoaders.from_folder(path, is_lm=True, valid_pct=0.1, bs=8)")
    assert made["dls"].is_lm and list(made["dls"].vocab[:2]) == [face.UNK, face.PAD]
