"""One noun: the Learner, data and a model and how they are trained."""
