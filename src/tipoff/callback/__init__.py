"""fastai's callback modules: each brings what is here of it. tipoff's own are in `tipoff.callbacks`."""
