"""What a person writes, read by a type checker: each line with a mark must be an error of that kind, and no other line."""

from tipoff import (
    ClassificationInterpretation,
    CollabDataLoaders,
    ImageDataLoaders,
    Learner,
    TabularDataLoaders,
    TextDataLoaders,
    collab_learner,
    load_learner,
    load_predictor,
    tabular_learner,
    text_classifier_learner,
    vision_learner,
)
from tipoff.vision import Resize, aug_transforms
from tipoff.vision.all import vision_learner as the_same

dls = ImageDataLoaders.from_folder("photos", valid_pct=0.2, item_tfms=Resize(224), batch_tfms=aug_transforms())
photos: ImageDataLoaders = dls
learn: Learner = vision_learner(dls, "resnet18")
learn.fine_tune(3)
learn.fine_tune("3")  # error: arg-type
vision_learner(dls, "resnet18", typo=3)  # error: call-arg
the_same(dls, "resnet18", typo=3)  # error: call-arg
vision_learner("photos", "resnet18")  # error: arg-type
learn.fit_one_cycle(1, lr_max="high")  # error: arg-type
learn.no_such_method()  # error: attr-defined
ClassificationInterpretation.from_learner(learn).plot_confusion_matrix()
loaded = load_learner("m.tipoff")
loaded.fit(1)
loaded.fit("one")  # error: arg-type
load_predictor("m.tipoff")

table = TabularDataLoaders.from_csv("sales.csv", y_names="sold")
tabular_learner(table, layers=[200, 100]).fit_one_cycle(1)

ratings = CollabDataLoaders.from_csv("ratings.csv")
collab_learner(ratings, n_factors=50, y_range=(0, 5.5)).fit_one_cycle(1)
collab_learner(ratings, n_factor=50)  # error: call-arg

texts = TextDataLoaders.from_folder("reviews")
text_classifier_learner(texts, "awd_lstm", drop_mult=0.5).fine_tune(1)
text_classifier_learner(texts, "awd_lstm", drop_mul=0.5)  # error: call-arg
