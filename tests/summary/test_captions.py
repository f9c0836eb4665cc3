"""The sentences under pictures and tables, made of figures made by hand."""

import pytest
from msgspec.structs import replace

from pthreport.checks import Examination
from pthreport.checks.int8_outliers import INT8_OUTLIERS
from pthreport.document import (
    Adapter,
    Band,
    Experts,
    Fact,
    Highlight,
    RandomBaseline,
    Spectrum,
    Tail,
    Units,
)
from pthreport.summary.adapters import adapter_sentences
from pthreport.summary.experts import expert_sentences
from pthreport.summary.highlights import highlight_sentence
from pthreport.summary.savings import savings_caption
from pthreport.summary.spectra import layer_caption
from pthreport.summary.tensors import tensor_captions
from pthreport.summary.training import history_caption
from tests.render.measured import measured_report, spectrum
from tests.render.parts import histogram, statistics

BAND = Band(low=1.5, high=8.0, words="")


def noise(above: int, below: int) -> RandomBaseline:
    return RandomBaseline(
        low=0.1,
        high=1.0,
        low_margin=0.1,
        high_margin=1.0,
        above=above,
        below=below,
        outside=(above + below) / 64,
    )


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        (0, 0, "None of the 64 singular values lies beyond"),
        (1, 0, "1.6 % of the 64 singular values lies beyond"),
        (3, 1, "6.2 % of the 64 singular values lie beyond"),
    ],
)
def test_a_spectrum_is_counted_against_noise(above: int, below: int, said: str) -> None:
    assert layer_caption(spectrum(random=noise(above, below)), None, BAND).startswith(said)


@pytest.mark.parametrize(
    ("found", "tail", "said"),
    [
        (spectrum(), "usual", "its tail follows a power law of alpha 3.40 over 20 values, KS 0.040."),
        (spectrum(alpha=1.2), "below", "alpha 1.20 over 20 values, KS 0.040, below the usual 1.5."),
        (spectrum(alpha=9.5), "above", "alpha 9.50 over 20 values, KS 0.040, above the usual 8."),
        (
            spectrum(alpha_ks=0.3),
            "unclear",
            "the closest power law to its tail has alpha 3.40 over 20 values",
        ),
        (spectrum(), None, "the closest power law to its tail has alpha 3.40 over 20 values, KS 0.040."),
        (spectrum(alpha=None), None, "; its tail fits no power law."),
        (spectrum(4, 9, alpha=None), None, "2 above and 0 below."),
        (spectrum(random=None, alpha=None), None, "All values are zero; its tail fits no power law."),
    ],
)
def test_a_tail_follows_its_law_only_where_the_check_says_so(
    found: Spectrum, tail: Tail | None, said: str
) -> None:
    assert said in layer_caption(found, tail, BAND)


def test_the_smallest_form_above_the_threshold_of_int8_outliers_is_named() -> None:
    model = measured_report().models[0]
    limits = Examination().limits(INT8_OUTLIERS)
    assert "keep at least 38.0 dB" in savings_caption(model.savings, model.bytes, limits)
    assert savings_caption(model.savings, model.bytes, {"least-db": 40.0}) == ""
    lossless = (model.savings[0], replace(model.savings[1], lossless=True))
    assert savings_caption(lossless, model.bytes, limits).endswith("and lose nothing.")
    assert savings_caption((), model.bytes, limits) == ""


def test_values_and_units_in_words() -> None:
    bell = tensor_captions(statistics(), histogram(), None)
    assert bell.values == (
        "98 % of the values lie between −0.0480 and 0.0480; the largest is 5.0 times the RMS."
    )
    outside = tensor_captions(statistics(), replace(histogram(), below=1), None).values
    assert outside.endswith("1 value lies outside the picture.")
    units = Units(
        axis=0,
        count=9,
        dead=1,
        dead_units=(3,),
        norm_min=0.0,
        norm_median=1.0,
        norm_max=5.0,
        large=1,
        large_units=(7,),
    )
    said = tensor_captions(None, None, units).units
    assert "1 unit above 4 times the median: 7." in said
    assert "1 dead unit: 3." in said
    assert "near-duplicates" not in said
    row = tensor_captions(None, None, replace(units, duplicates_searched=9), "row").units
    assert "1 row with a norm of nearly zero: 3." in row
    assert row.endswith("No two rows are near-duplicates.")
    assert tensor_captions(None, None, None).values == ""


def test_a_gain_that_stands_out_and_one_that_does_not() -> None:
    limits = {"ratio": 8.0}
    high = Highlight(kind="gain-high", layer="fc", value=28.0, typical=2.0)
    assert "The gain of fc" in highlight_sentence(high, limits)
    assert "is 14 times the median of its kind (28 against 2)." in highlight_sentence(high, limits)
    low = replace(high, kind="gain-low", value=0.2)
    assert "is 10 times smaller than the median of its kind" in highlight_sentence(low, limits)
    usual = replace(high, kind="gain-usual", value=6.0)
    assert "within a factor of 8 of the median" in highlight_sentence(usual, limits)
    assert highlight_sentence(replace(high, kind="largest-layer"), limits) == ""


def test_how_a_series_goes() -> None:
    def said(*series: float) -> str:
        return history_caption(Fact(path="x", name="x", value="", series=series))

    assert said(3.0, 1.0, 2.0) == "falls from 3 to 2, least 1 at 2 of 3."
    assert said(1.0, 5.0, 2.0) == "rises from 1 to 2, highest 5 at 2 of 3."
    assert said(2.0, 5.0, 2.0) == "starts and ends at 2."
    assert said(2.0, float("nan"), 1.0) == "falls from 2 to 1; 1 value not finite."
    assert said(2.0) == ""


def test_adapters_that_have_not_changed_anything() -> None:
    zero = Adapter(
        form="LoRA",
        target="q",
        tensors=(),
        a="a",
        b="b",
        shape=(4, 4),
        rank=2,
        parameters=16,
        delta_norm=0.0,
    )
    assert adapter_sentences([zero]) == (
        "All are of rank 2.",
        "The file states no alpha: a scale of 1 is assumed.",
        "No change yet: every product is zero, as at the start of training.",
    )
    assert adapter_sentences([replace(zero, problem="without its factor B")]) == ()


def test_a_router_for_very_many_experts_is_counted_at_once() -> None:
    one = Experts(
        at="moe",
        count=10**12,
        numbers=(0, 2),
        router="r",
        router_weight="w",
        parameters=1,
        fused=False,
        tensors=(),
        evidence="names",
    )
    (said,) = expert_sentences([one])
    assert "experts 1, 3, 4, 5, 6, 7, 8, 9, … are not in the file" in said
