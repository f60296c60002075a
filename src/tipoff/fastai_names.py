"""fastai's public names that tipoff has not: what does the same, or why there is nothing.

Read where a name is not found, to say what to use, and by `scripts/fastai_names.py`, which writes docs/fastai-names.md.
"""

from __future__ import annotations

# a name of a module -> what does the same here
ELSEWHERE: dict[str, str] = {
    # callbacks
    "ActivationStats": "a callback of yours with `hook_outputs`, read in `after_pred`",
    "BnFreeze": "`train_bn=False` of a learner; pretrained ones have it",
    "ChannelsLast": "`vision_learner` does it; `Learner(..., channels_last=True)`",
    "CaptumInterpretation": "`plot_top_losses(k, heat=True)` and `tipoff explain` draw what the network looked at",
    "FetchPredsCallback": "`learn.get_preds()`",
    "GatherPredsCallback": "`learn.get_preds()`",
    "LRFinder": "`learn.lr_find()`",
    "MixHandler": "`tipoff.callbacks.Callback`: `before_batch` may replace the batch",
    "SuggestionMethod": "the functions `valley`, `slide`, `minimum`, `steep`",
    "TrainEvalCallback": "the loop itself trains and evaluates in the right mode",
    "TrackerCallback": "`tipoff.callbacks.Callback`: figures of the epoch are in `run.figures`",
    "HookCallback": "a callback of yours that makes `Hooks` in `before_fit` and removes them in `after_fit`",
    "dummy_eval": "`model_sizes`",
    "event": "`tipoff.train.events.EVENTS`",
    "layer_info": "`learn.summary()`",
    "module_summary": "`learn.summary()`",
    "set_bn_eval": "`train_bn=False` of a learner",
    # data
    "AttrGetter": "`operator.attrgetter`",
    "CategoryMap": "`dls.vocab`, whose `o2i` leads back",
    "EncodedMultiCategorize": "`MultiCategoryBlock(encoded=True, vocab=[...])`",
    "FileGetter": "`lambda path: get_files(path, ...)`",
    "ImageGetter": "`tipoff.data.items.image_getter`",
    "ItemGetter": "`operator.itemgetter`",
    "MultiCategorize": "`MultiCategoryBlock`",
    "OneHotEncode": "`MultiCategoryBlock`, whose targets are encoded so",
    "RegressionSetup": "`RegressionBlock`",
    "TransformBlock": "a subclass of `tipoff.data.Block`",
    "fa_collate": "a block's `collate`, or PyTorch's `collate_fn` of a `DataLoader` of yours",
    "get_c": "`dls.c`",
    "get_show_batch_func": "`dls.show_batch()`; a block's `show` draws one field",
    "image_extensions": "`tipoff.data.items.IMAGE_EXTENSIONS`",
    "plot_top_losses": "`interp.plot_top_losses(k)`",
    "show_batch": "`dls.show_batch()`",
    "show_results": "`learn.show_results()`",
    "test_set": "`dls.test_dl(items)`",
    # learner, losses, metrics, optimizers
    "AvgLoss": "`learn.recorder.values`: the first two figures of an epoch are the losses",
    "AvgSmoothLoss": "`learn.recorder.smooth_loss`",
    "BaseLoss": "any function of predictions and targets is a loss; `activation` and `decodes` are optional",
    "LossMetric": "a metric function of predictions and targets that computes the part of the loss",
    "LossMetrics": "a metric function of predictions and targets that computes the part of the loss",
    "MatthewsCorrCoefMulti": "`skm_to_fastai` of a function of scikit-learn; or `MatthewsCorrCoef` for one label at a time",
    "SkipToEpoch": "`learn.fit(n_epoch, start_epoch=...)`, or `learn.resume()` of a checkpoint",
    "ValueMetric": "a `Metric` with a property `value`",
    "before_batch_cb": "`tipoff.callbacks.Callback`: its method `before_batch`",
    "load_model": "`learn.load(file)`",
    "mk_metric": "`tipoff.metrics.as_metric`",
    "optim_metric": "`learn.calibrate()` chooses thresholds on the validation set",
    "save_model": "`learn.save(file)`",
    # layers
    "AdaptiveAvgPool": "`torch.nn.AdaptiveAvgPool2d`",
    "AvgPool": "`torch.nn.AvgPool2d`",
    "BatchNorm": "`tipoff.nn.conv.norm_layer`",
    "Cat": "`torch.cat` in a module's `forward`",
    "Identity": "`torch.nn.Identity`",
    "InstanceNorm": "`tipoff.nn.conv.norm_layer`",
    "LinBnDrop": "`tipoff.nn.layers.lin_bn_drop`",
    "MaxPool": "`torch.nn.MaxPool2d`",
    "MergeLayer": "`x + layer(x)` in a module's `forward`",
    "Mish": "`torch.nn.Mish`",
    "MishJit": "`torch.nn.Mish`",
    "MishJitAutoFn": "`torch.nn.Mish`",
    "NoneReduce": "`learn.get_preds(with_loss=True)`: losses of single samples",
    "PartialLambda": "`Lambda(functools.partial(f, ...))`",
    "PixelShuffle_ICNR": "`torch.nn.PixelShuffle` after a convolution",
    "ProdLayer": "`x * layer(x)` in a module's `forward`",
    "SequentialEx": "a module with a `forward` of its own",
    "Swish": "`torch.nn.SiLU`",
    "SwishJit": "`torch.nn.SiLU`",
    "View": "`torch.nn.Unflatten`, or `x.view` in a `forward`",
    "inplace_relu": "`torch.nn.ReLU(inplace=True)`",
    "mish": "`torch.nn.functional.mish`",
    "module": "a class with a `forward`, or `Lambda(f)`",
    "sigmoid": "`torch.sigmoid`",
    "sigmoid_": "`torch.Tensor.sigmoid_`",
    "swish": "`torch.nn.functional.silu`",
    "trunc_normal_": "`torch.nn.init.trunc_normal_`",
    "vleaky_relu": "`torch.nn.functional.leaky_relu`",
    # several processes
    "DistributedDL": "a `DataLoader` of PyTorch with its `DistributedSampler`; metrics are gathered from all processes",
    "DistributedTrainer": "the model in `torch.nn.parallel.DistributedDataParallel`, started by `torchrun`",
    "ParallelTrainer": "the model in `torch.nn.parallel.DistributedDataParallel`, which PyTorch recommends over `DataParallel`",
    "setup_distrib": "`torch.distributed.init_process_group`",
    "teardown_distrib": "`torch.distributed.destroy_process_group`",
    "rank0_first": "`torch.distributed.barrier`",
    # images
    "DihedralItem": "`Dihedral`, of whole batches",
    "IntToFloatTensor": "`IntToFloat`, which an `ImageBlock` brings",
    "OldRandomCrop": "`RandomResizedCrop(size, ratio=(1, 1))`",
    "RandTransform": "a subclass of `tipoff.data.ItemTransform` or `BatchTransform` with `n_draws`",
    "TimmBody": "`create_body`",
    "create_cnn_model": "`vision_learner(dls, arch).model`",
    "create_timm_model": "`vision_learner(dls, arch)`: names of timm's networks are known",
    "create_vision_model": "`vision_learner(dls, arch).model`",
    "cut_model": "`create_body(arch, cut=...)`",
    "load_image": "`PILImage.create(file)`",
    "resize_image": "`resize_images`",
    "resize_to": "`Resize`",
    "setup_aug_tfms": "transforms are chosen and set up when batches are made",
    "to_image": "`PILImage.create(array)`",
    "verify_image": "`verify_images([file])`",
    # tables and ratings
    "ReadTabBatch": "`to.dataloaders()`",
    "TabDataLoader": "`to.dataloaders()`",
    "TabWeightedDL": "`to.weighted_dataloaders(wgts)`",
    "Tabular": "`TabularPandas`",
    "TabularCollab": "`CollabDataLoaders.from_df`",
    "make_date": "`add_datepart`, which reads dates",
    # texts
    "Pad_Chunk": "`pad_input`",
    "Pad_Input": "`pad_input`",
    "SequentialRNN": "what `get_language_model` and `get_text_classifier` return has `reset`",
    "TokenizeWithRules": "`Tokenizer`, with `rules`",
    "load_model_text": "`learn.load(file)`",
    "load_tokenized_csv": "`TextDataLoaders.from_csv`: tokens are remembered",
    "pad_chunk": "`pad_input`",
    "pad_input_chunk": "`pad_input`",
    "reverse_text": "`TextDataLoaders.from_df(..., backwards=True)`",
    "tokenize1": "`Tokenizer`",
    "tokenize_csv": "`TextDataLoaders.from_csv`: texts are tokenized and remembered",
    "tokenize_df": "`TextDataLoaders.from_df`: texts are tokenized and remembered",
    "tokenize_files": "`TextDataLoaders.from_folder`: texts are tokenized and remembered",
    "tokenize_folder": "`TextDataLoaders.from_folder`: texts are tokenized and remembered",
    "tokenize_texts": "`Tokenizer`",
    # tensors
    "ArrayImage": "`PILImage`, or an array",
    "ArrayImageBW": "`PILImageBW`, or an array",
    "ArrayMask": "`PILMask`, or an array",
    "Chunks": "`itertools.chain`",
    "TensorImageBase": "`TensorBase`",
    "concat": "`itertools.chain`",
    "display_df": "`IPython.display.display`",
    "find_bs": "`dls.bs`",
    "find_device": "`dls.device`",
    "get_model": "`model.module` of a parallel model",
    "logit": "`torch.logit`",
    "norm_bias_params": "`wd_bn_bias=False` of a learner spares them of weight decay",
    "num_distrib": "`torch.distributed.get_world_size`",
    "progress_bar": "`tipoff.callbacks.Progress` shows training; for loops of yours, the package tqdm",
    "rank_distrib": "`torch.distributed.get_rank`",
    "requires_grad": "`p.requires_grad` of a parameter",
    "setup_cuda": "`dls.cuda()`, `dls.to(device)`",
    "to_concat": "`torch.cat`",
    "to_detach": "`x.detach().cpu()`",
    "to_float": "`x.float()`",
    "to_half": "`x.half()`",
    "unsqueeze": "`x[None]`",
    "unsqueeze_": "`x[None]`",
}

_PARALLEL = "put the model in `torch.nn.parallel.DistributedDataParallel`, and start with `torchrun`"
_RUN = "callbacks read it during a run: `run.{}` of `tipoff.callbacks.Callback`, `self.{}` of that of `tipoff.callback.core`"
_LOOP = "the loop is `tipoff.train.loop.fit`; a callback changes what a step does"

# a class -> an attribute or a method that fastai's has -> what does the same here
ATTRIBUTES: dict[str, dict[str, str]] = {
    "Learner": {
        "TTA": "`learn.tta()`",
        "added_cbs": "`learn.fit(..., cbs=...)`: callbacks of one call",
        "all_batches": _LOOP,
        "callbacks": "`learn.cbs`",
        "callback_fns": "`learn.cbs`",
        "create_opt": "the first fit makes `learn.opt` by `learn.opt_func`",
        "data": "`learn.dls`",
        "detach_distributed": _PARALLEL,
        "detach_parallel": _PARALLEL,
        "distrib_ctx": _PARALLEL,
        "epoch": _RUN.format("epoch", "epoch"),
        "fit_fc": "`learn.fit_flat_cos()`",
        "gather_args": "predictions are gathered by `learn.get_preds()`",
        "get_layer_groups": "`learn.groups`",
        "iter": _RUN.format("n_batches", "iter"),
        "loss": _RUN.format("loss", "loss"),
        "loss_not_reduced": "`learn.get_preds(with_loss=True)`: losses of single samples",
        "n_epoch": _RUN.format("n_epochs", "n_epoch"),
        "no_mbar": "`learn.no_bar()`",
        "one_batch": _LOOP,
        "ordered_cbs": "`learn.cbs`; each has its `order`",
        "parallel_ctx": _PARALLEL,
        "pred": _RUN.format("pred", "pred"),
        "pred_batch": "`learn.get_preds()`",
        "purge": "nothing is to be freed: delete the learner",
        "removed_cbs": "`learn.remove_cbs(...)`, and `learn.add_cbs(...)` afterwards",
        "sched": "`learn.recorder.plot_sched()`",
        "show_batch": "`learn.dls.show_batch()`",
        "show_training_loop": "docs/concepts/loop.md shows every event in order",
        "smooth_loss": "`learn.recorder.smooth_loss`",
        "to_channelslast": "`vision_learner` does it; `Learner(..., channels_last=True)`",
        "to_contiguous": "`Learner(..., channels_last=False)`",
        "to_detach": "`x.detach().cpu()` of a tensor",
        "to_distributed": _PARALLEL,
        "to_non_native_fp16": "`learn.to_fp16()`",
        "to_non_native_fp32": "`learn.to_fp32()`",
        "to_parallel": _PARALLEL,
        "training": _RUN.format("training", "training"),
        "validation_context": "`learn.validate()` and `learn.get_preds()` prepare the network themselves",
        "xb": _RUN.format("batch.x", "xb"),
        "yb": _RUN.format("batch.y", "yb"),
    },
    "DataLoaders": {
        "add_tfms": "`item_tfms=` and `batch_tfms=`, where the batches are made",
        "after_batch": "`dls.plan.batch_tfms`",
        "after_item": "`dls.plan.item_tfms`",
        "batch_size": "`dls.bs`",
        "classes": "`dls.vocab`",
        "dataset": "`dls.train_ds`, `dls.valid_ds`",
        "n": "`dls.train.n`, `dls.valid.n`",
        "n_inp": "`len(dls.plan.inputs)`",
        "new_empty": "a model file keeps the plan: `load_learner(file).dls.test_dl(items)`",
        "normalize": "`batch_tfms=Normalize(...)`; `vision_learner` normalises as its weights were trained",
        "show_results": "`learn.show_results()`",
        "train_dl": "`dls.train`",
        "valid_dl": "`dls.valid`",
    },
    "DataBlock": {
        "databunch": "`block.dataloaders(source)`",
        "from_columns": "`getters=[ColReader(...), ...]`",
        "getters": "`block.get_x`, `block.get_y`",
    },
    "Datasets": {
        "new_empty": "a model file keeps the plan of a `DataBlock`",
        "overlapping_splits": "compare `dsets.splits` yourself",
        "set_split_idx": "`dsets.train`, `dsets.valid`",
        "split_idx": "`dsets.train`, `dsets.valid`",
        "subset": "`dsets.train`, `dsets.valid`",
    },
    "TfmdLists": {
        "infer": "call the pipeline, `tls.tfms(item)`",
        "infer_idx": "call the pipeline, `tls.tfms(item)`",
        "new_empty": "a model file keeps the plan of a `DataBlock`",
        "overlapping_splits": "compare `tls.splits` yourself",
        "setup": "the constructor does it, unless `do_setup=False`",
        "subset": "`tls.train`, `tls.valid`",
    },
    "TfmdDL": {
        "before_iter": "`before_fit` and `before_epoch` of a callback",
        "decode": "`Datasets.decode` of one sample",
        "decode_batch": "`Datasets.decode` of one sample",
        "n_inp": "`dsets.n_inp`",
        "show_results": "`learn.show_results()`",
    },
    "Interpretation": {"show_results": "`learn.show_results()`, `interp.plot_top_losses(k)`"},
    "TabularPandas": {"transform": "a step: a subclass of `TabularProc`"},
}

# a keyword of fastai's that tipoff's functions do not take -> what does the same here
KEYWORDS: dict[str, str] = {
    "after_batch": "batch_tfms= of a DataBlock or of ImageDataLoaders",
    "after_item": "item_tfms= of a DataBlock or of ImageDataLoaders",
    "axes": "mean= and std= hold one number a channel",
    "batch": "each image has draws of its own",
    "batch_size": "bs=",
    "custom_head": "Learner(dls, torch.nn.Sequential(create_body(arch), head))",
    "cut": "create_body(arch, cut=...), and Learner(dls, model)",
    "config": "the arguments of the head are those of vision_learner: lin_ftrs=, ps=, concat_pool=, ...",
    "do_setup": "nothing is to be set up later",
    "draw": "p= and the range of the change; a transform of yours may draw otherwise",
    "init": "how layers begin is each network's own",
    "max_lr": "lr_max=",
    "pickle_module": "model files hold no pickle",
    "pickle_protocol": "nothing is pickled: weights are written by torch.save, model files without it",
    "pool": "concat_pool=",
    "resamples": "images are resized in one way, which does not alias",
    "rm_type_tfms": "items are read as at validation",
    "shuffle": "items come in the order given",
    "drop_last": "no item is left out",
    "default_cbs": "learn.no_bar() shows nothing",
    "device": "dls.to(device)",
    "save_preds": "get_preds keeps predictions in memory",
    "save_targs": "get_preds keeps targets in memory",
    "shuffle_train": "shuffle=",
    "val_shuffle": "validation items are never shuffled",
}

# why there is nothing -> names of modules
_SEGMENTATION = "segmentation is not here yet"
_BOXES = "points and boxes are not here yet"
_GAN = "generative adversarial networks are not here yet"
_MEDICAL = "DICOM files are not read: export them as PNG or TIFF"
_SERVICE = "it is a client of a service that tipoff does not depend on; a callback with `after_epoch` sends figures anywhere"
_WIDGET = "it is a widget of notebooks; a model is tried on its page, `tipoff serve`, and files are cleaned with `interp.top_losses(items=True)`"
_PART = "it is a part of fastai's own implementation"
_SHOWN = "it is a type that fastai shows things by; tipoff's blocks show their fields"
_SCRIPT = "TorchScript is being given up by PyTorch; `learn.export` and ONNX take its place"
_AMP = "half precision is PyTorch's autocast and scaler: `learn.to_fp16()`, `learn.to_bf16()`"
_MOVES = "it is a part of fastai's transforms; tipoff composes matrices, in `tipoff.vision.geometry`"
_WARPS = "it is not here yet; `aug_transforms(xtra_tfms=...)` takes a transform of yours"
_LAYER = "no network of tipoff has such a part"
_INIT = "how layers begin is PyTorch's and each network's own"

NOT_OFFERED: dict[str, str] = {
    _SEGMENTATION: "SegmentationInterpretation SegmentationDataLoaders MaskBlock AddMaskCodes OpenMask DynamicUnet UnetBlock ResizeToOrig "
    "unet_learner create_unet_model DiceLoss Dice DiceMulti JaccardCoeff JaccardCoeffMulti foreground_acc",
    _BOXES: "PointBlock BBoxBlock BBoxLblBlock TensorPoint TensorPointCreate TensorBBox LabeledBBox PointScaler BBoxLabeler "
    "get_annotations bb_pad clip_remove_empty",
    _GAN: "GANModule basic_critic AddChannels basic_generator DenseResBlock gan_critic GANLoss AdaptiveLoss accuracy_thresh_expand "
    "set_freeze_model GANTrainer FixedGANSwitcher AdaptiveGANSwitcher GANDiscriminativeLR InvisibleTensor generate_noise "
    "gan_loss_from_func GANLearner",
    _MEDICAL: "dicom_windows get_dicom_files TensorDicom PILDicom array_freqhist_bins TensorCTScan PILCTScan uniform_blur2d "
    "gauss_blur2d mask2bbox crop_resize DicomSegmentationDataLoaders DcmDataset DcmTag DcmMultiValue dcmread",
    _SERVICE: "AzureMLCallback CometCallback WandbCallback log_dataset log_model wandb_process search_images_bing "
    "search_images_serpapi",
    _WIDGET: "widget carousel ImagesCleaner ImageClassifierCleaner HBox VBox widgets Button Checkbox Dropdown Layout Box Output "
    "Label FileUpload",
    _AMP: "AMPMode get_master to_master_grads to_model_params test_overflow grad_overflow copy_clone ModelToHalf "
    "NonNativeMixedPrecision",
    _SCRIPT: "script_use_ctx script_save_ctx script_fwd script_bwd grad_module",
    _MOVES: "TensorTypes affine_grid AffineCoordTfm mask_tensor affine_mat flip_mat DeterministicDraw DeterministicFlip dihedral_mat "
    "DeterministicDihedral rotate_mat zoom_mat find_coeffs apply_perspective SpaceTfm LightingTfm norm_apply_denorm "
    "cutout_gaussian rgb2hsv hsv2rgb HSVTfm grayscale",
    _WARPS: "CropPad RandomCrop RatioResize RandomResizedCropGPU Saturation Hue RandomErasing",
    _SHOWN: "Category MultiCategory ShowTitle show_title TitledInt TitledFloat TitledTuple TitledTensorScalar TensorFlowField "
    "TensorMultiCategory ArrayBase ArrayImageBase TensorText LMTensorText get_empty_df make_cross_image show_image_batch",
    _LAYER: "ToTensorBase ResizeBatch Debugger AdaptiveConcatPool1d PoolType adaptive_pool PoolFlatten BatchNorm1dFlat SelfAttention "
    "PooledSelfAttention2d SimpleSelfAttention SimpleCNN SEModule SEBlock SEResNeXtBlock SeparableBlock TimeDistributed "
    "ParameterModule WeightDropout EmbeddingDropout xresnet152 xresnet18_deep xresnet34_deep xresnet50_deep xresnet18_deeper "
    "xresnet34_deeper xresnet50_deeper xse_resnet18 xse_resnext18 xresnext18 xse_resnet34 xse_resnext34 xresnext34 xse_resnet50 "
    "xse_resnext50 xresnext50 xse_resnet101 xse_resnext101 xresnext101 xse_resnet152 xsenet154 xse_resnext18_deep "
    "xse_resnext34_deep xse_resnext50_deep xse_resnext18_deeper xse_resnext34_deeper xse_resnext50_deeper se_kwargs1 se_kwargs2 "
    "se_kwargs3 g0 g1 g2 g3",
    _INIT: "init_default init_linear icnr_init cond_init apply_leaf apply_init init_cnn",
    "one model gives one prediction; `learn.tta()` averages over changed inputs": "MCDropoutCallback",
    "one callback, `TensorBoardCallback`, writes all figures": (
        "TensorBoardBaseCallback TensorBoardProjectorCallback projector_word_embeddings tensorboard_log"
    ),
    "tipoff keeps no settings of its own: `untar_data(base=...)` says where data go": (
        "fastai_cfg fastai_path nb_urls prefetch_data"
    ),
    "it is a helper of fastai's own tests": (
        "synth_dbunch RegModel synth_learner VerboseCallback get_env try_import nvidia_smi nvidia_mem show_install "
        "CollectDataCallback"
    ),
    _PART: "reduce_loss bn_types FilteredBase decode_at fa_convert SkipItemException collate_error broadcast_vec children_and_parameters "
    "has_children flatten_model in_channels replacing_yield CastToTensor pytorch_hp_map detuplify_pg set_item_pg fn_counter_pkl "
    "fn_lengths_pkl eu_langs parallel_tokenize match_embeds load_ignore_keys clean_raw_keys decode_spec_tokens awd_lstm_lm_split "
    "awd_lstm_clas_split norm_types get_random_states set_random_states no_random maybe_gather get_first one_param item_find np_func "
    "one_hot_decode batch_to_samples distrib_barrier base_doc doc nested_reorder flatten_check ismin_torch notmax_torch master_bar "
    "encodes decodes BILINEAR NEAREST model_meta has_pool_type default_split add_head",
}
_WHY = {name: because for because, names in NOT_OFFERED.items() for name in names.split()}


def way(name: str) -> str:
    """What does the same as fastai's `name`, or why there is nothing, as a sentence; empty for other names.

    >>> way("LRFinder")
    'It is a name of fastai; here: `learn.lr_find()`.'
    >>> way("unet_learner")
    'It is a name of fastai, and not offered: segmentation is not here yet.'
    """
    if name in ELSEWHERE:
        return f"It is a name of fastai; here: {ELSEWHERE[name]}."
    return f"It is a name of fastai, and not offered: {_WHY[name]}." if name in _WHY else ""
