"""Blocks, splits and labels: what the documentation promises of them."""

from pathlib import Path

import pytest
import torch

from tipoff.data.labels import RegexLabeller, parent_label
from tipoff.data.splits import GrandparentSplitter, IndexSplitter, RandomSplitter
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import DataError, NotSetUp, UsageError
from tipoff.rng import uniform


def test_setup_reads_the_vocab_in_order_and_leaves_self_alone():
    block = CategoryBlock()
    filled = block.setup(["dog", "cat", "dog"])
    assert filled.vocab == ("cat", "dog") and block.vocab is None
    assert filled.decode(filled.encode("dog")) == "dog"


def test_no_class_is_refused():
    with pytest.raises(DataError, match="no class in the training items"):
        CategoryBlock().setup([])


def test_an_unknown_label_lists_the_known_ones():
    with pytest.raises(DataError, match="cat, dog"):
        CategoryBlock(vocab=("cat", "dog")).encode("cow")


def test_a_block_without_data_says_what_to_do():
    with pytest.raises(NotSetUp, match="training labels"):
        _ = CategoryBlock().n_out


def test_several_labels_become_a_vector_of_zeros_and_ones():
    block = MultiCategoryBlock().setup([["a", "b"], [], ["c"]])
    assert block.encode(["a", "c"]).tolist() == [1, 0, 1]
    with pytest.raises(DataError, match="label_delim"):
        MultiCategoryBlock().setup(["a b"])


def test_a_number_that_is_none_is_refused():
    with pytest.raises(DataError, match="not a finite number"):
        RegressionBlock(n=1).encode(float("nan"))


def test_the_random_split_is_fastais_for_the_same_seed():
    torch.manual_seed(42)
    order = torch.randperm(10).tolist()
    assert RandomSplitter(0.2, seed=42)(list(range(10))) == (order[2:], order[:2])


def test_a_split_outside_the_items_is_refused():
    with pytest.raises(UsageError, match="numbered from 0 to 2"):
        IndexSplitter([7])(["a", "b", "c"])


def test_grandparent_split_names_the_folders_there_are():
    items = [Path("p/training/a/1.jpg"), Path("p/valid/a/2.jpg")]
    with pytest.raises(DataError, match="training"):
        GrandparentSplitter()(items)


def test_labels_from_names():
    assert parent_label("x/beagle/1.jpg") == "beagle"
    assert RegexLabeller(r"^(.*)_\d+.jpg$")("great_dane_12.jpg") == "great_dane"
    with pytest.raises(DataError, match="matches nothing"):
        RegexLabeller(r"^(\d+)$")("beagle.jpg")


def test_random_numbers_depend_on_key_and_position_alone():
    a = uniform((1, 2), torch.arange(100), 3)
    b = uniform((1, 2), torch.arange(99, -1, -1), 3).flip(0)
    assert torch.equal(a, b) and a.min() >= 0 and a.max() < 1
    assert not torch.equal(a, uniform((1, 3), torch.arange(100), 3))
    assert abs(float(uniform((7,), torch.arange(20000), 1).mean()) - 0.5) < 0.01
