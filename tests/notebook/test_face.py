"""Cells of the course, typed as they are there, with only their import changed."""

import inspect

import matplotlib
import pytest

matplotlib.use("Agg")

import tipoff.vision.all as face
from tipoff.errors import TipoffError


@pytest.fixture
def cells(photos, tmp_path, monkeypatch):
    """Runs cells in one namespace, as a notebook does, with `path` a folder of photos."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    exec("from tipoff.vision.all import *", space)
    space["path"] = face.Path(photos)

    def run(cell: str) -> dict[str, object]:
        exec(inspect.cleandoc(cell), space)
        return space

    yield run
    plt.close("all")


def test_every_name_is_there_and_none_is_hidden():
    names = face.__all__
    assert sorted(set(names)) == sorted(names) and all(hasattr(face, n) for n in names)
    imported = {n for n, v in vars(face).items() if not n.startswith("_") and not inspect.ismodule(v)}
    assert imported - {"TYPE_CHECKING", "missing"} <= {*names}


def test_builtins_are_left_alone():
    import builtins

    assert not {n for n in face.__all__ if hasattr(builtins, n)}


@pytest.mark.parametrize(
    "name",
    [
        "torch",
        "nn",
        "F",
        "np",
        "pd",
        "plt",
        "Image",
        "Path",
        "partial",
        "re",
        "os",
        "math",
        "random",
        "itemgetter",
        "attrgetter",
        "resnet18",
        "resnet34",
        "resnet50",
        "vgg16_bn",
        "models",
        "Tensor",
        "L",
        "imagenet_stats",
        "first",
        "range_of",
        "array",
        "is_listy",
        "using_attr",
        "save_pickle",
        "Transform",
        "Pipeline",
        "ItemTransform",
        "fastuple",
        "ResizeMethod",
        "PadMode",
        "CancelFitException",
        "untar_data",
        "URLs",
        "DataBlock",
        "DataLoader",
        "Datasets",
        "TfmdLists",
        "GradientAccumulation",
        "xresnet50",
        "ConvLayer",
        "NormType",
        "create_head",
        "create_body",
        "tensor",
        "noop",
        "params",
    ],
)
def test_what_notebooks_type_is_there(name):
    assert name in face.__all__


def test_lesson_one(cells):
    cells("""
        def is_red(x): return x[0] == 'r'
        dls = ImageDataLoaders.from_name_func(path, get_image_files(path), valid_pct=0.2, seed=42,
                                              label_func=is_red, item_tfms=Resize(32), bs=8)
        learn = vision_learner(dls, resnet18, metrics=error_rate, pretrained=False)
        learn.fine_tune(1)
        img = PILImage.create(path/'red'/'red_0.jpg')
        img.to_thumb(20)
        is_red,_,probs = learn.predict(img)
        assert len(probs) == 2 and float(probs.sum()) > 0.99
    """)


def test_lesson_two(cells):
    out = cells("""
        bears = DataBlock(
            blocks=(ImageBlock, CategoryBlock), 
            get_items=get_image_files, 
            splitter=RandomSplitter(valid_pct=0.2, seed=42),
            get_y=parent_label,
            item_tfms=Resize(32))
        dls = bears.dataloaders(path, bs=8)
        dls.valid.show_batch(max_n=4, nrows=1)
        bears = bears.new(item_tfms=Resize(32, ResizeMethod.Pad, pad_mode='zeros'))
        bears = bears.new(item_tfms=RandomResizedCrop(32, min_scale=0.3), batch_tfms=aug_transforms(mult=2))
        dls = bears.dataloaders(path, bs=8)
        dls.train.show_batch(max_n=4, nrows=1, unique=True)
        learn = vision_learner(dls, resnet18, metrics=error_rate, pretrained=False)
        learn.fit_one_cycle(1, 3e-3)
        interp = ClassificationInterpretation.from_learner(learn)
        interp.plot_confusion_matrix()
        interp.plot_top_losses(5, nrows=1)
        interp.most_confused(min_val=1)
        learn.export('model.tipoff')
        files = Path().ls(file_exts='.tipoff')
        learn_inf = load_learner('model.tipoff')
        what = learn_inf.predict(path/'red'/'red_0.jpg')
        vocab = learn_inf.dls.vocab
    """)
    assert out["vocab"] == ["blue", "green", "red"] and out["what"][0] in out["vocab"]
    assert [str(f) for f in out["files"]] == ["model.tipoff"]


def test_verify_and_unlink(cells, tmp_path):
    (tmp_path / "bad.jpg").write_text("x")
    cells("""
        fns = get_image_files('.')
        failed = verify_images(fns)
        failed.map(Path.unlink)
    """)
    assert not (tmp_path / "bad.jpg").exists()


def test_presizing_a_regular_expression_and_discriminative_rates(cells):
    out = cells("""
        pets = DataBlock(blocks = (ImageBlock, CategoryBlock),
                 get_items=get_image_files, 
                 splitter=RandomSplitter(seed=42),
                 get_y=using_attr(RegexLabeller(r'(.+)_\\d+.jpg$'), 'name'),
                 item_tfms=Resize(46),
                 batch_tfms=aug_transforms(size=32, min_scale=0.75))
        dls = pets.dataloaders(path, bs=8)
        x,y = dls.one_batch()
        learn = vision_learner(dls, resnet18, metrics=[error_rate, accuracy], pretrained=False)
        found = learn.lr_find(num_it=10, suggest_funcs=(minimum, steep, valley, slide))
        learn.fit_one_cycle(1, 3e-3)
        learn.unfreeze()
        learn.fit_one_cycle(2, lr_max=slice(1e-6,1e-4))
        learn.recorder.plot_loss()
        preds, targs = learn.get_preds()
        last = learn.recorder.values[-1]
        learn.show_results(max_n=4)
    """)
    assert out["x"].shape[-2:] == (32, 32) and out["found"]._fields == ("minimum", "steep", "valley", "slide")
    assert len(out["last"]) == 4 and len(out["learn"].recorder.values) == 2


def test_mnist_from_scratch(cells):
    out = cells("""
        train_x = torch.cat([torch.randn(60, 10) + 1, torch.randn(60, 10) - 1])
        train_y = tensor([1]*60 + [0]*60).unsqueeze(1)
        dset = list(zip(train_x,train_y))
        dl = DataLoader(dset, batch_size=32)
        xb,yb = first(dl)
        valid_dl = DataLoader(dset, batch_size=32)
        dls = DataLoaders(dl, valid_dl)
        def mnist_loss(predictions, targets):
            predictions = predictions.sigmoid()
            return torch.where(targets==1, 1-predictions, predictions).mean()
        def batch_accuracy(xb, yb):
            preds = xb.sigmoid()
            correct = (preds>0.5) == yb
            return correct.float().mean()
        learn = Learner(dls, nn.Linear(10,1), opt_func=SGD, loss_func=mnist_loss, metrics=batch_accuracy)
        learn.fit(10, lr=1.)
        simple_net = nn.Sequential(nn.Linear(10,30), nn.ReLU(), nn.Linear(30,1))
        learn = Learner(dls, simple_net, opt_func=SGD, loss_func=mnist_loss, metrics=batch_accuracy)
        learn.fit(5, 0.1)
        accuracies = L(learn.recorder.values).itemgot(2)
        w,b = learn.model[0].parameters()
    """)
    assert out["xb"].shape == (32, 10) and out["accuracies"][-1] > 0.9 and out["w"].shape == (30, 10)


def test_a_module_without_super_init(cells):
    out = cells("""
        class Head(Module):
            def __init__(self, n_in, n_out):
                self.layer = nn.Linear(n_in, n_out)
                self.scale = nn.Parameter(torch.ones(1))
            def forward(self, x): return self.layer(x) * self.scale
        class Deeper(Head):
            def __init__(self, n):
                super().__init__(n, n)
                self.more = nn.Linear(n, 2)
            def forward(self, x): return self.more(super().forward(x))
        net = Deeper(4)
        y = net(torch.zeros(3, 4))
        names = [n for n,_ in net.named_parameters()]
    """)
    assert out["y"].shape == (3, 2) and out["names"] == [
        "scale",
        "layer.weight",
        "layer.bias",
        "more.weight",
        "more.bias",
    ]


SMALL = """
    x = torch.randn(64, 4); y = (x[:, :1] > 0).float()
    dl = DataLoader(list(zip(x, y)), bs=16)
    dls = DataLoaders(dl, dl)
    def learner(cbs=None): return Learner(dls, nn.Linear(4, 1), loss_func=BCEWithLogitsLossFlat(), cbs=cbs)
"""


def test_a_callback_without_arguments_reads_and_sets_through_learn(cells):
    cells(SMALL)
    out = cells("""
        seen = []
        class Regularise(Callback):
            def __init__(self, alpha): self.alpha = alpha
            def before_fit(self): seen.append(('fit', self.n_epoch))
            def after_pred(self): self.learn.pred = self.pred * 1.0
            def after_loss(self):
                if not self.training: return
                self.learn.loss_grad += self.alpha * self.pred.pow(2).mean()
            def before_backward(self): seen.append(('backward', self.epoch, self.iter))
            def after_batch(self): seen.append(('batch', self.training, len(self.xb[0]), len(self.yb)))
            def after_epoch(self): seen.append(('epoch', self.learn.recorder.values != []))
        learn = learner(Regularise(0.1))
        learn.fit(1, 0.1)
    """)
    seen = out["seen"]
    assert seen[0] == ("fit", 1)
    assert [s for s in seen if s[0] == "backward"] == [("backward", 0, i) for i in range(4)]
    assert [s for s in seen if s[0] == "batch"] == [("batch", True, 16, 1)] * 4 + [
        ("batch", False, 16, 1)
    ] * 4


def test_cancelling_the_fit_takes_no_step(cells):
    cells(SMALL)
    out = cells("""
        class TerminateOnNaNCallback(Callback):
            def after_batch(self):
                if torch.isinf(self.loss) or torch.isnan(self.loss): raise CancelFitException
        class Never(Callback):
            def before_batch(self):
                if self.training: raise CancelFitException("enough")
        learn = learner(Never)
        before = learn.model.weight.clone()
        learn.fit(3, 1.)
        same = torch.equal(before, learn.model.weight)
        ok = learner(TerminateOnNaNCallback()).fit(1)
    """)
    assert out["same"] and out["learn"].recorder.values == []


def test_cancelling_a_batch_leaves_the_weights(cells):
    cells(SMALL)
    out = cells("""
        class Odd(Callback):
            def before_step(self): raise CancelBatchException()
        learn = learner(Odd())
        before = learn.model.weight.clone()
        learn.fit(1, 1.)
    """)
    assert out["before"].equal(out["learn"].model.weight) and len(out["learn"].recorder.values) == 1


def test_a_callback_that_takes_the_run_is_tipoffs_own(cells):
    cells(SMALL)
    out = cells("""
        steps = []
        class Count(Callback):
            def after_step(self, run): steps.append(run.n_steps)
        learner(Count()).fit(1)
    """)
    assert out["steps"] == [1, 2, 3, 4]


def test_a_misspelt_event_is_an_error(cells):
    with pytest.raises(TypeError, match="Did you mean 'after_epoch'"):
        cells("""
            class C(Callback):
                def after_epcoh(self): pass
        """)


def test_super_calls_the_event_of_the_parent(cells):
    cells(SMALL)
    out = cells("""
        said = []
        class A(Callback):
            def before_fit(self): said.append('a')
        class B(A):
            def before_fit(self):
                super().before_fit()
                said.append('b')
        learner(B()).fit(1)
    """)
    assert out["said"] == ["a", "b"]


def test_transforms_are_chosen_by_annotation_and_learn_from_the_training_items(cells):
    out = cells("""
        class NormalizeMean(Transform):
            def setups(self, items): self.mean = sum(items)/len(items)
            def encodes(self, x): return x-self.mean
            def decodes(self, x): return x+self.mean
        tfm = NormalizeMean()
        tfm.setup([1,2,3,4,5])
        start = 2
        y = tfm(start)
        z = tfm.decode(y)
        @Transform
        def f(x:int): return x+1
        both = f((2, 2.0))
        tls = TfmdLists([1., 2., 9.], [NormalizeMean], splits=[[0, 1], [2]])
    """)
    assert out["y"] == -1.0 and out["z"] == 2.0 and out["both"] == (3, 2.0)
    assert out["tls"].valid[0] == 7.5 and out["tls"].decode(7.5) == 9.0


def test_the_siamese_tutorial_in_small(cells):
    out = cells("""
        class SiameseImage(fastuple):
            def show(self, ctx=None, **kwargs):
                img1,img2,same = self
                t1,t2 = image2tensor(img1),image2tensor(img2)
                return show_image(torch.cat([t1,t2], dim=2), title=same, ctx=ctx)
        files = get_image_files(path)
        def label_func(fname): return fname.parent.name
        class SiameseTransform(Transform):
            def __init__(self, files, label_func, splits):
                self.labels = files.map(label_func).unique()
                self.lbl2files = {l: L(f for f in files if label_func(f) == l) for l in self.labels}
                self.label_func = label_func
                self.valid = {f: self._draw(f) for f in files[splits[1]]}
            def encodes(self, f):
                f2,t = self.valid.get(f, self._draw(f))
                img1,img2 = PILImage.create(f),PILImage.create(f2)
                return SiameseImage(img1, img2, t)
            def _draw(self, f):
                same = random.random() < 0.5
                cls = self.label_func(f)
                if not same: cls = random.choice(L(l for l in self.labels if l != cls))
                return random.choice(self.lbl2files[cls]),same
        splits = RandomSplitter()(files)
        tfm = SiameseTransform(files, label_func, splits)
        tfm(files[0]).show()
        smaller = Resize(24)(tfm(files[0]))
        smaller.show()
        tls = TfmdLists(files, tfm, splits=splits)
        drawn = show_at(tls.valid, 0)
        dls = tls.dataloaders(bs=8, after_item=[Resize(32), ToTensor], after_batch=[IntToFloatTensor, Normalize.from_stats(*imagenet_stats)])
        batch = first(dls.train)
        class SiameseModel(Module):
            def __init__(self, encoder, head): self.encoder,self.head = encoder,head
            def forward(self, x1, x2):
                ftrs = torch.cat([self.encoder(x1), self.encoder(x2)], dim=1)
                return self.head(ftrs)
        encoder = create_body(resnet18, pretrained=False)
        head = create_head(512*2, 2, ps=0.5)
        model = SiameseModel(encoder, head)
        def loss_func(out, targ): return CrossEntropyLossFlat()(out, targ.long())
        def siamese_splitter(model): return [params(model.encoder), params(model.head)]
        learn = Learner(dls, model, loss_func=loss_func, splitter=siamese_splitter, metrics=accuracy)
        learn.freeze()
        learn.fit_one_cycle(1, 3e-3)
    """)
    x1, x2, same = out["batch"]
    assert type(out["smaller"]) is out["SiameseImage"] and out["smaller"][1].size == (24, 24)
    assert out["drawn"].get_title() in ("True", "False")
    assert x1.shape == (8, 3, 32, 32) == x2.shape and same.shape == (8,) and x1.min() < 0


def test_datasets_by_hand(cells):
    out = cells("""
        files = get_image_files(path)
        splits = RandomSplitter(seed=0)(files)
        dsets = Datasets(files, [[PILImage.create], [parent_label, Categorize]], splits=splits)
        x,y = dsets.valid[0]
        name = dsets.decode((x,y))[1]
        dls = dsets.dataloaders(bs=8, after_item=[Resize(32), ToTensor()], after_batch=[IntToFloatTensor(), *aug_transforms()])
        learn = Learner(dls, xresnet18(n_out=dls.c), loss_func=CrossEntropyLossFlat(), metrics=accuracy)
        learn.fit(1)
        xb,yb = dls.one_batch()
    """)
    assert out["dsets"].vocab == ["blue", "green", "red"] and out["name"] in out["dsets"].vocab
    assert out["xb"].shape == (8, 3, 32, 32) and out["xb"].max() <= 1
    assert len(out["learn"].recorder.values) == 1


def test_exporting_what_is_made_of_functions_is_refused_with_a_sentence(cells):
    cells(SMALL)
    with pytest.raises(TipoffError, match="export needs DataLoaders made from a DataBlock"):
        cells("learner().export('x.tipoff')")


def test_l_is_indexed_and_chained():
    L = face.L
    assert L(3, 1, 2).sorted() == [1, 2, 3] and L([1, 2, 3])[[0, 2]] == [1, 3]
    assert L(1, 2, 3)[[True, False, True]] == [1, 3] and L(1, 2)[face.np.array([False, True])] == [2]
    assert L(L(1, 2), L(3, 4)).itemgot(1) == [2, 4] and L("a", "b").map("{}!") == ["a!", "b!"]
    assert L(1, 2, 2).unique() == [1, 2] and L(1, 2, 3).filter(lambda x: x > 1) == [2, 3]
    assert (
        isinstance(L(1) + [2], L)
        and L(range(12))[:2] == [0, 1]
        and repr(L(range(12))).startswith("(#12) [0,1,2")
    )
    assert L((1, "a"), (2, "b")).zip() == [(1, 2), ("a", "b")] and L.range(3) == [0, 1, 2]


def test_a_path_lists_itself(tmp_path):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "b.txt").touch()
    path = face.Path(tmp_path)
    assert path.ls().map(lambda p: p.name) == ["a.jpg", "b.txt"]
    assert (
        path.ls(file_exts=".txt").attrgot("name") == ["b.txt"] == [p.name for p in path.ls(file_type="text")]
    )
    assert isinstance(path / "x", face.Path) and isinstance(path.parent, face.Path)


def test_pictures_are_made_from_anything(tmp_path):
    x = face.np.zeros((6, 8, 3), face.np.uint8)
    image = face.PILImage.create(x)
    image.save(tmp_path / "a.png")
    for source in (tmp_path / "a.png", (tmp_path / "a.png").read_bytes(), face.tensor(x).permute(2, 0, 1)):
        assert face.PILImage.create(source).size == (8, 6)
    assert face.PILImageBW.create(x).mode == "L" and image.to_thumb(4).size == (4, 3)
    t = face.TensorImage(face.image2tensor(image))
    assert isinstance(t + 1, face.TensorImage) and t.show() is not None


def test_tensor_takes_numbers_lists_arrays_and_pictures():
    tensor, torch = face.tensor, face.torch
    assert tensor(1, 2).tolist() == [1, 2] and tensor([1.5]).dtype is torch.float32
    assert tensor(face.np.ones(2)).shape == (2,) and tensor([torch.ones(2), torch.ones(2)]).shape == (2, 2)
    assert tensor(face.PILImage.create(face.np.zeros((4, 5, 3), face.np.uint8))).shape == (4, 5, 3)
