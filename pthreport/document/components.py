"""What a model may be made of beside layers: low-rank adapters, mixtures of experts."""

from typing import Literal

from pthreport.document.base import Basis, Part

AdapterForm = Literal["LoRA", "DoRA", "LoHa", "LoKr"]


class Adapter(Part, frozen=True, kw_only=True):
    """A low-rank change of one layer: the paths of both factors, A (rank, in) and B (out, rank), and of
    all `tensors` that belong to it.

    `target` is the layer that it changes, as the file calls it, `name` the adapter's own name where the
    file gives one; `base` the path of that layer's weight where the file holds it. `shape` is that of the product B A,
    a convolution's kernel counted among the inputs. `scale` multiplies it: alpha / rank, or alpha / sqrt(rank) where the
    configuration says so; `scaled_by` is the path in the file that tells alpha, "" where nothing does
    and 1 stands in. Of the scaled product, all from its singular values: `delta_norm` is the Frobenius norm, `spectral_norm` the
    largest one, `stable_rank` and `effective_rank` as in `Spectrum`, `relative` is `delta_norm` over the norm of the base weight. A DoRA
    also scales each output by a magnitude, which these figures leave out. `problem` says why the
    factors were not multiplied.
    """

    form: AdapterForm
    name: str = ""
    target: str
    tensors: tuple[str, ...]
    a: str | None
    b: str | None
    shape: tuple[int, int] | None
    rank: int | None
    parameters: int
    alpha: float | None = None
    scale: float = 1.0
    scaled_by: str = ""
    base: str | None = None
    delta_norm: float | None = None
    spectral_norm: float | None = None
    stable_rank: float | None = None
    effective_rank: float | None = None
    relative: float | None = None
    problem: str = ""

    @property
    def rank_share(self) -> float | None:
        """The effective rank of the change as a share of the rank that it could have."""
        return self.effective_rank / self.rank if self.effective_rank and self.rank else None


class ExpertPair(Part, frozen=True, kw_only=True):
    """Two experts of one mixture by their numbers, and the cosine between all of their weights."""

    first: int
    second: int
    cosine: float


class Experts(Part, frozen=True, kw_only=True):
    """One mixture of experts: `count` like modules under `at`, and the `router` that chooses among them.

    `numbers` are the experts that the file holds in the form that most have; `parameters` counts one expert; `tensors` are the
    paths of each expert's tensors, or, where all experts share tensors (`fused`), those with the experts
    along dim 0. `shared` names modules beside them that see every token.

    `norms` are the experts' L2 norms over all of their weights, `nearest` the largest cosine that each has with another, in the
    order of `numbers` (None beside an expert of zeros or without finite values); `cosine_min`, `cosine_mean` and `cosine_max` are over all
    pairs, `duplicate_pairs` counts those with a cosine above 0.99 and `duplicates` lists the closest. They are "computed"
    from all weights, or "estimated" from `sampled` ones of each expert, spread evenly: the standard
    error of a cosine c is then about (1 - c^2) / sqrt(sampled). `router_norms` are
    the L2 norms of the router's rows, `router_biases` what it adds to each expert's score. All are empty where values were not
    measured, and `problem` then says why.
    """

    at: str
    count: int
    numbers: tuple[int, ...]
    router: str
    router_weight: str
    router_bias: str | None = None
    parameters: int
    fused: bool
    tensors: tuple[tuple[str, ...], ...]
    shared: tuple[str, ...] = ()
    evidence: str
    norms: tuple[float, ...] = ()
    nearest: tuple[float | None, ...] = ()
    cosine_min: float | None = None
    cosine_mean: float | None = None
    cosine_max: float | None = None
    cosine_basis: Basis = "computed"
    sampled: int = 0
    duplicate_pairs: int = 0
    duplicates: tuple[ExpertPair, ...] = ()
    router_norms: tuple[float, ...] = ()
    router_biases: tuple[float, ...] = ()
    problem: str = ""
