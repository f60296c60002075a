"""Cells of the course about text (fastbook, chapters 10 and 11), typed as they are there, with only their import changed."""

import doctest
import inspect

import matplotlib
import pytest
import torch

matplotlib.use("Agg")

import tipoff.notebook.texts
import tipoff.text.all as face
from tipoff.errors import UsageError


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
    assert imported - {"TYPE_CHECKING", "missing"} <= {*names}


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


SPLIT = """
    files = get_text_files(path, folders = ['train', 'test'])
    splits = GrandparentSplitter(valid_name='test')(files)
    tfms = [[Tokenizer.from_folder(path), Numericalize], [parent_label, Categorize]]
    dsets = Datasets(files, tfms, splits=splits)
"""
MODEL = """
    config = {**awd_lstm_clas_config, 'emb_sz': 8, 'n_hid': 8, 'n_layers': 1}
    model = get_text_classifier(AWD_LSTM, len(dls.vocab[0]), dls.c, config=config)
    learn = Learner(dls, model, loss_func=CrossEntropyLossFlat(), metrics=accuracy, cbs=rnn_cbs())
    learn.fit(1)
"""


def test_what_the_middle_level_decodes_is_shown(cells, capsys):
    made = cells(SPLIT)
    dsets = made["dsets"]
    text, label = dsets.decode(dsets.valid[0])
    assert text.startswith("xxbos ") and isinstance(text, face.TitledStr) and label in ("neg", "pos")
    face.show_at(dsets.valid, 0)
    assert capsys.readouterr().out == f"{text}\n{label}\n"


def test_texts_are_padded_before_they_are_a_batch(cells):
    made = cells(SPLIT)
    dls = cells("dls = dsets.dataloaders(bs=64, before_batch=pad_input)")["dls"]
    x, y = dls.valid.one_batch()
    lens = [len(t) for t, _ in made["dsets"].valid]
    assert x.shape == (24, max(lens)) and y.shape == (24,)
    assert (x != 1).sum(1).tolist() == lens and dls.c == 2


def test_texts_of_about_one_length_come_together_and_train_a_classifier(cells, capsys):
    cells(SPLIT)
    made = cells("dls = dsets.dataloaders(bs=8, dl_type=SortedDL, before_batch=pad_input)")
    lens = [(x != 1).sum(1) for x, _ in made["dls"].valid]
    assert torch.cat(lens).tolist() == sorted(map(len, made["dsets"].valid.tls[0]), reverse=True)
    longest = max(map(len, made["dsets"].train.tls[0]))
    assert made["dls"].one_batch()[0].shape == (8, longest), "what needs most memory comes first"
    made["dls"].show_batch(max_n=2)
    assert capsys.readouterr().out.split()[:3] == ["text", "category", "xxbos"]
    assert len(cells(MODEL)["learn"].recorder.values) == 1


def test_the_wikitext_tutorial(cells, capsys):
    """Rows of a data frame as a language model: fastai's tutorial of the middle level for texts."""
    made = cells(
        """
        texts = [o.open().read() for o in get_text_files(path)]
        df_train, df_valid = pd.DataFrame(texts[:90]), pd.DataFrame(texts[90:])
        df_all = pd.concat([df_train, df_valid])
        splits = [list(range_of(df_train)), list(range(len(df_train), len(df_all)))]
        tfms = [attrgetter("text"), Tokenizer.from_df(0), Numericalize()]
        dsets = Datasets(df_all, [tfms], splits=splits, dl_type=LMDataLoader)
        bs,sl = 8,20
        dls = dsets.dataloaders(bs=bs, seq_len=sl)
        dls.show_batch(max_n=3)
        config = awd_lstm_lm_config.copy()
        config.update({'input_p': 0.6, 'output_p': 0.4, 'weight_p': 0.5, 'embed_p': 0.1, 'hidden_p': 0.2})
        config.update({'emb_sz': 8, 'n_hid': 8, 'n_layers': 1})
        model = get_language_model(AWD_LSTM, len(dls.vocab), config=config)
        opt_func = partial(Adam, wd=0.1, eps=1e-7)
        cbs = [MixedPrecision(), GradientClip(0.1)] + rnn_cbs(alpha=2, beta=1)
        learn = Learner(dls, model, loss_func=CrossEntropyLossFlat(), opt_func=opt_func, cbs=cbs, metrics=[accuracy, Perplexity()])
        learn.fit_one_cycle(1, 5e-3, moms=(0.8,0.7,0.8), div=10)
        """
    )
    assert capsys.readouterr().out.split()[:3] == ["text", "text_", "xxbos"]
    x, y = made["dls"].one_batch()
    assert x.shape == (8, 20) and x[:, 1:].tolist() == y[:, :-1].tolist()
    first = made["dsets"].valid[0][0].tolist()
    assert [made["dls"].vocab[i] for i in first] == list(
        face.Tokenizer(face.WordTokenizer)(made["texts"][90])
    )
    assert made["learn"].recorder.metric_names[-1] == "perplexity"


def test_rows_of_a_frame_are_read_by_their_columns(cells, reviews):
    cells("")["df"] = reviews
    made = cells(
        """
        splits = RandomSplitter(seed=0)(range_of(df))
        x_tfms = [ColReader('text'), Tokenizer.from_df('text'), Numericalize]
        dsets = Datasets(df, [x_tfms, [ColReader('label'), Categorize]], splits=splits)
        """
    )
    at = made["splits"][1][0]
    x, y = made["dsets"].valid[0]
    assert made["dsets"].decode((x, y))[1] == reviews.label[at] and len(made["dsets"]) == 120


def test_an_option_that_nobody_takes_is_an_error_that_says_whose_it_is(cells):
    cells(SPLIT)
    with pytest.raises(TypeError, match="'seq_len'.* dl_type=LMDataLoader"):
        cells("dsets.dataloaders(bs=8, seq_len=72)")
    with pytest.raises(TypeError, match="'before_batch'"):
        cells("dsets.dataloaders(bs=8, dl_type=LMDataLoader, before_batch=pad_input)")
    with pytest.raises(TypeError, match="'dl_tpye'"):
        cells("Datasets(files, tfms, splits=splits, dl_tpye=SortedDL)")
    cells("dsets.dataloaders(bs=8, before_batch=pad_input, pin_memory=True)")
    with pytest.raises(UsageError, match="1 lengths of 3 samples"):
        face.SortedDL([(torch.ones(1), 0)] * 3, res=[1])


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_padding_stands_where_it_is_asked_for(first, backwards):
    samples = [
        (torch.tensor([5, 6, 7]), torch.tensor([9]), 0),
        (torch.tensor([8, 4]), torch.tensor([2, 3]), 1),
    ]
    got = face.pad_input(samples, 0, pad_fields=[0, 1], pad_first=first, backwards=backwards)

    def want(ids, n):
        ids, gap = ids[::-1] if backwards else ids, [0] * (n - len(ids))
        return gap + ids if first else ids + gap

    for sample, (x, z, y) in zip(samples, got, strict=True):
        assert x.tolist() == want(sample[0].tolist(), 3) and z.tolist() == want(sample[1].tolist(), 2)
        assert y == sample[2]


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
