"""Fresh layers are consistent with their own initialisation, trained ones and others are not."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats

from pthreport.document import Initialisation
from pthreport.measure import Task, measure_one
from pthreport.measure.initialisation import Law, Place, initialisation, kolmogorov
from tests.measure.arrays import tensor

Tensor = torch.Tensor


def judged(
    values: Tensor, kind: str = "linear", leaf: str = "weight", **known: object
) -> Initialisation | None:
    name = str(values.dtype).removeprefix("torch.")
    array = values.view(torch.int16).numpy().view(np.uint16) if name == "bfloat16" else values.numpy()
    result = measure_one(Task(tensor(array, name)))
    assert result.statistics is not None
    assert result.sketch is not None
    place = Place(kind, leaf, tuple(values.shape), **known)  # type: ignore[arg-type]
    return initialisation(place, result.statistics, result.sketch)


def fresh(make: Callable[[Tensor], object], shape: tuple[int, ...] = (300, 400)) -> Tensor:
    torch.manual_seed(5)
    values = torch.empty(shape)
    make(values)
    return values


FRESH: dict[str, tuple[Tensor, str]] = {
    "linear": (torch.nn.Linear(400, 300).weight.detach(), "PyTorch's default for linear"),
    "conv": (torch.nn.Conv2d(64, 128, 3).weight.detach(), "PyTorch's default for linear"),
    "small": (torch.nn.Linear(6, 5).weight.detach(), "PyTorch's default for linear"),
    "kaiming": (fresh(torch.nn.init.kaiming_normal_), "Kaiming normal, fan in"),
    "kaiming out": (
        fresh(lambda t: torch.nn.init.kaiming_normal_(t, mode="fan_out"), (128, 64, 3, 3)),
        "Kaiming normal, fan out",
    ),
    "kaiming uniform": (fresh(torch.nn.init.kaiming_uniform_), "Kaiming uniform, fan in"),
    "xavier": (fresh(torch.nn.init.xavier_uniform_), "Xavier uniform"),
    "xavier normal": (fresh(torch.nn.init.xavier_normal_), "Xavier normal"),
    "gpt": (fresh(lambda t: torch.nn.init.normal_(t, 0, 0.02)), "transformers"),
    "timm": (
        fresh(lambda t: torch.nn.init.trunc_normal_(t, 0, 0.02, -0.04, 0.04)),
        "truncated normal",
    ),
    "zeros": (torch.zeros(30, 40), "a start from zero"),
}


@pytest.mark.parametrize("name", FRESH)
def test_fresh_weights_are_recognised(name: str) -> None:
    values, words = FRESH[name]
    found = judged(values)
    assert found is not None
    assert found.consistent, found
    assert words in found.law


def test_fresh_layers_of_other_kinds() -> None:
    torch.manual_seed(1)
    lstm = torch.nn.LSTM(30, 64)
    for leaf, values in lstm.named_parameters():
        found = judged(values.detach(), "lstm", leaf, hidden=64)
        assert found is not None
        assert found.consistent
        assert "recurrent" in found.law
    attention = torch.nn.MultiheadAttention(96, 4)
    found = judged(attention.in_proj_weight.detach(), "attention", "in_proj_weight")
    assert found is not None
    assert found.consistent
    assert "attention's input" in found.law
    embedding = torch.nn.Embedding(500, 32, padding_idx=0)
    found = judged(embedding.weight.detach(), "embedding")
    assert found is not None
    assert found.consistent
    assert found.note == "1 row of zeros left out"
    assert found.values == 499 * 32
    linear = torch.nn.Linear(100, 80)
    found = judged(linear.bias.detach(), "linear", "bias", weight=(80, 100))
    assert found is not None
    assert found.consistent
    norm = torch.nn.BatchNorm2d(20)
    for leaf, values in norm.state_dict().items():
        judgement = judged(values, "batchnorm", leaf)
        assert judgement is None if leaf == "num_batches_tracked" else judgement and judgement.consistent


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_stored_in_another_type(dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    found = judged(torch.nn.Linear(400, 300).weight.detach().to(dtype))
    assert found is not None
    assert found.consistent, found


def test_what_is_not_fresh_is_not_consistent() -> None:
    torch.manual_seed(2)
    weight = torch.nn.Linear(400, 300).weight.detach()
    beyond = weight.clone()
    beyond[3, 4] = 0.06
    found = judged(beyond)
    assert found is not None
    assert not found.consistent
    assert found.bound_ratio == pytest.approx(0.06 * 20, rel=1e-5)
    assert found.spread_ratio == pytest.approx(1, abs=0.02)
    for values in (weight * 1.1, weight + 0.003, weight.sign() * 0.03, torch.full((30, 40), 0.5)):
        judgement = judged(values)
        assert judgement is not None
        assert not judgement.consistent
    # The right bound and spread, and another distribution.
    uniform = weight.flatten().sort().values
    lopsided = torch.cat([uniform[::2], uniform[::2]]).clone()
    lopsided[:1000] = 0.0
    judgement = judged(lopsided.reshape(300, 400))
    assert judgement is not None
    assert not judgement.consistent
    broken = weight.clone()
    broken[0, 0] = torch.nan
    judgement = judged(broken)
    assert judgement is not None
    assert not judgement.consistent


def test_too_few_values_say_nothing() -> None:
    assert judged(torch.tensor([[0.1, 0.2]])) is None
    assert judged(torch.randn(5), "scale", "weight") is None
    assert judged(torch.zeros(0, 5)) is None


def test_distances_are_scipys() -> None:
    values = np.random.default_rng(8).uniform(-1, 1, 3000).astype(np.float32) * np.float32(0.1)
    array = torch.from_numpy(values.reshape(30, 100))
    found = judged(array)
    assert found is not None
    assert found.ks is not None
    wanted = stats.kstest(values, "uniform", (-0.1, 0.2))
    # Read off at the bins' edges: never more, and less by what a bin holds.
    assert wanted.statistic - 0.005 <= found.ks <= wanted.statistic + 1e-6
    for distance, count in ((0.02, 3000), (0.05, 400), (0.3, 20)):
        assert kolmogorov(distance, count) == pytest.approx(stats.kstwo.sf(distance, count), abs=0.01)


def test_laws_are_what_they_say() -> None:
    edges = np.linspace(-2.5, 2.5, 101)
    for law, wanted in (
        (Law("uniform", 2.0, ""), stats.uniform(-2, 4)),
        (Law("normal", 0.7, ""), stats.norm(0, 0.7)),
        (Law("truncated", 0.7, ""), stats.truncnorm(-2, 2, 0, 0.7)),
    ):
        assert law.below(edges) == pytest.approx(wanted.cdf(edges), abs=1e-12)
        assert law.std == pytest.approx(wanted.std())
        assert law.kurtosis == pytest.approx(wanted.stats("k"), abs=1e-9)


def test_false_alarms_are_as_rare_as_stated() -> None:
    generator = torch.Generator().manual_seed(9)
    odd = 0
    for _ in range(300):
        values = (torch.rand(20, 50, generator=generator) * 2 - 1) / 50**0.5
        found = judged(values)
        assert found is not None
        odd += not found.consistent
    assert odd <= 3
