"""PyTorch, as the contract of layers sees it, and what only PyTorch promises."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from contract import layer_adapters
from contract.layer_adapters import DECAY, RATE, STEPS

from wordkin import from_torch
from wordkin.errors import FormatError
from wordkin.layers.torch import WordEmbedding, parameter_groups

torch.set_num_threads(1)  # threads that wait for each other take longer than these sums


class Adapter(layer_adapters.Adapter):
    modules = ("torch", "torch_module", "torch_lookup")
    ending = ".pt"

    def make(self, vectors, *args, **options):
        return vectors.to_torch(*args, **options)

    def numpy(self, tensor):
        tensor = tensor.detach()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()

    def dtype(self, tensor):
        return str(tensor.dtype).removeprefix("torch.")

    def tensor(self, ids):
        return torch.as_tensor(ids)

    def compiled(self, layer):
        # no code generator, so that no C++ compiler is needed
        return torch.compile(layer, backend="aot_eager", fullgraph=True)

    def rows(self, layer):
        return layer.weight.detach().numpy().copy()

    def nbytes(self, layer):
        return layer.weight.nbytes

    def trains(self, layer):
        return layer.weight.requires_grad

    def vectors(self, layer):
        return from_torch(layer)

    def train(self, layer, ids, y, *, head, optimizer):
        torch.manual_seed(0)
        model = Net(layer, head, ids.shape[1])
        made = {
            "adam": lambda p: torch.optim.AdamW(p, RATE, weight_decay=DECAY),
            "sgd": lambda p: torch.optim.SGD(p, RATE, momentum=0.9, weight_decay=DECAY),
        }[optimizer](model.parameters())
        ids, y = torch.from_numpy(ids), torch.from_numpy(y)
        for _ in range(STEPS):
            made.zero_grad()
            torch.nn.functional.mse_loss(model(ids), y).backward()
            made.step()

    def save(self, layer, path):
        torch.save(layer.state_dict(), path)

    def load(self, path):
        return WordEmbedding.from_state(torch.load(path, weights_only=True))


class Net(torch.nn.Module):
    def __init__(self, layer, head, length):
        super().__init__()
        self.words, self.head = layer, head
        d = layer.weight.shape[1]
        self.body = torch.nn.Conv1d(d, 3, 2) if head == "conv" else torch.nn.Flatten()
        self.out = torch.nn.Linear(3 if head == "conv" else d * length, 1)

    def forward(self, ids):
        x = self.words(ids)
        if self.head == "conv":
            return self.out(self.body(x.transpose(1, 2)).amax(dim=2))
        return self.out(self.body(x))


@pytest.fixture
def layer(vectors):
    return vectors.to_torch(trainable=True)


IDS = torch.tensor([[2, 3, 0], [4, 0, 0], [0, 0, 0]])


class TestStates:
    def test_a_layer_made_of_sizes_gets_everything_from_a_state(self, layer):
        blank = WordEmbedding(*layer.weight.shape)
        with pytest.raises(ValueError, match="no vocabulary"):
            _ = blank.vocabulary
        blank.load_state_dict(layer.state_dict())
        assert blank.vocabulary == layer.vocabulary
        assert torch.equal(blank(IDS), layer(IDS))

    def test_another_vocabulary_is_refused_before_a_row_is_touched(self, layer, vectors):
        other = vectors.select(vectors.index_to_key[::-1]).to_torch()
        before = other.weight.clone()
        with pytest.raises(ValueError, match="another vocabulary"):
            other.load_state_dict(layer.state_dict())
        assert torch.equal(other.weight, before)

    def test_a_state_without_words_is_refused(self, layer):
        state = layer.state_dict()
        del state["_extra_state"]
        with pytest.raises(RuntimeError, match="_extra_state"):
            layer.load_state_dict(state)
        with pytest.raises(ValueError, match="no word embedding"):
            WordEmbedding.from_state(state)

    @pytest.mark.parametrize("options", [{}, {"quantized": "int8"}])
    def test_safetensors(self, vectors, tmp_path, options):
        from safetensors.torch import load_file, load_model, save_file, save_model

        layer = vectors.to_torch(max_norm=0.5, **options)
        model = torch.nn.Sequential(layer, torch.nn.Linear(layer.weight.shape[1], 2))
        save_file(model.state_dict(), tmp_path / "a.safetensors")
        again = WordEmbedding.from_state(load_file(tmp_path / "a.safetensors"), prefix="0.")
        assert again.vocabulary == layer.vocabulary
        assert again.settings.max_norm == 0.5
        assert torch.equal(again(IDS), layer(IDS))
        save_model(model, tmp_path / "b.safetensors")
        other = copy.deepcopy(model)
        torch.nn.init.zeros_(other[1].weight)
        assert load_model(other, tmp_path / "b.safetensors") == (set(), [])
        assert torch.equal(other(IDS), model(IDS))

    def test_copies(self, layer):
        for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert again.vocabulary == layer.vocabulary
            assert torch.equal(again(IDS), layer(IDS))

    def test_half(self, layer):
        assert layer.half()(IDS).dtype == torch.float16
        assert torch.equal(layer.mean(IDS)[1], layer(IDS)[1, 0])


class TestTraining:
    def test_vectors_learn_at_a_rate_of_their_own(self, vectors):
        layer = vectors.to_torch(trainable=True, lr_factor=0.1)
        model = torch.nn.Sequential(layer, torch.nn.Flatten(), torch.nn.LazyLinear(1))
        model(IDS)
        rates = [group["lr"] for group in parameter_groups(model, 1.0)]
        assert rates == [1.0, 0.1]
        assert [group["lr"] for group in parameter_groups(layer, 1.0, factor=0.5)] == [0.5]
        every = [p for group in parameter_groups(model, 1.0) for p in group["params"]]
        assert {id(p) for p in every} == {id(p) for p in model.parameters()}

    def test_a_thawed_layer_is_trained_by_an_optimizer_made_before(self, vectors):
        layer = vectors.to_torch(trainable="after:1")
        optimizer = torch.optim.AdamW(parameter_groups(layer, 0.1))
        before = layer.weight.detach().clone()
        for epoch in range(2):
            layer.begin_epoch(epoch)
            if layer.weight.requires_grad:
                layer(IDS).sum().backward()
            optimizer.step()
            assert torch.equal(layer.weight[2], before[2]) == (epoch == 0)

    @pytest.mark.parametrize("how", ["lookup", "mean"])
    def test_sparse_gradients_hold_no_padding(self, layer, how):
        layer.sparse = True
        (layer(IDS) if how == "lookup" else layer.mean(IDS)).sum().backward()
        assert layer.weight.grad.is_sparse
        found = layer.weight.grad.coalesce()
        assert found.indices()[0][found.values().any(dim=1)].tolist() == [2, 3, 4]
        torch.optim.SparseAdam([layer.weight], 0.1).step()
        assert not layer.weight[0].any()

    def test_a_model_that_is_initialised_anew_keeps_its_padding(self, layer):
        torch.nn.init.normal_(layer.weight)
        assert not layer(IDS)[0, 2].any()
        assert not layer.mean(IDS)[2].any()


class TestMean:
    @pytest.mark.parametrize("options", [{}, {"max_norm": 0.5}, {"quantized": "int8"}])
    def test_it_is_that_of_the_words(self, vectors, options):
        layer = vectors.to_torch(**options)
        found = layer(IDS)
        expected = torch.stack([found[0, :2].mean(dim=0), found[1, 0], torch.zeros(found.shape[2])])
        assert torch.allclose(layer.mean(IDS), expected, atol=1e-6)
        assert layer.mask(IDS).tolist()[0] == [True, True, False]

    @pytest.mark.parametrize("shape", [(3,), (0,), (2, 0), (0, 3), (2, 2, 3)])
    def test_any_shape(self, layer, shape):
        found = layer.mean(torch.full(shape, 2))
        assert found.shape == (*shape[:-1], layer.weight.shape[1])

    def test_bad_ids(self, layer):
        with pytest.raises(IndexError, match="id 99 is out of range"):
            layer.mean(torch.tensor([[2, 99]]))
        with pytest.raises(ValueError, match="a single id"):
            layer.mean(2)


def test_per_sample_gradients(layer):
    def loss(weight, ids):
        return torch.func.functional_call(layer, {"weight": weight}, (ids,)).sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))
    found = each(layer.weight.detach(), torch.tensor([[2, 0], [3, 99]]))
    assert torch.equal(found[:, :, 0].nonzero(), torch.tensor([[0, 2], [1, 1], [1, 3]]))


def test_export_and_meta(layer):
    program = torch.export.export(layer, (IDS,))
    assert torch.equal(program.module()(IDS), layer(IDS))
    with torch.device("meta"):
        assert WordEmbedding(9, 4)(torch.zeros(2, 3, dtype=torch.long)).shape == (2, 3, 4)


def test_plain_embeddings_become_vectors():
    plain = torch.nn.Embedding(5, 3, dtype=torch.bfloat16)
    words = ["a", "b", "c"]
    expected = plain.weight.detach().float().numpy()
    assert np.array_equal(from_torch(plain, words).vectors, expected[2:])
    assert np.array_equal(from_torch(plain.weight[2:], words).vectors, expected[2:])
    bag = torch.nn.EmbeddingBag(3, 2)
    assert np.array_equal(from_torch(bag, words)["b"], bag.weight[1].detach().numpy())
    with pytest.raises(ValueError, match="knows no words"):
        from_torch(plain)
    with pytest.raises(ValueError, match=r"shape \(5, 3\)"):
        from_torch(plain, ["a"])
    with pytest.raises(ValueError, match="takes a module"):
        from_torch(torch.nn.ReLU(), words)


@pytest.mark.parametrize("dtype", ["float8", "mixed_float16", "int8"])
def test_no_such_dtype(vectors, dtype):
    with pytest.raises(ValueError, match="dtype must be one of"):
        vectors.to_torch(dtype=dtype)


def test_it_can_be_seen(layer):
    assert "trainable=True" in repr(layer)


def test_a_state_without_words_says_so():
    with pytest.raises(FormatError, match="had no vocabulary"):
        WordEmbedding.from_state(WordEmbedding(4, 3).state_dict())
