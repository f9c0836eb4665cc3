"""The small report with everything that can be measured of it: spectra, precision, training state."""

import math

from msgspec.structs import replace

from pthreport.document import (
    Average,
    Curve,
    Fact,
    Group,
    Initialisation,
    Layer,
    LayerDistance,
    Optimizer,
    ParameterState,
    Precision,
    Report,
    Rounding,
    Saving,
    Scaler,
    Scheduler,
    Slot,
    TensorRecord,
    TorchView,
    Training,
)
from pthreport.document.spectrum import (
    PooledSpectrum,
    RandomBaseline,
    Spectrum,
    SpectrumErrors,
    SpectrumPoints,
)
from pthreport.summary.savings import LABELS
from tests.render.judged import judged
from tests.render.reports import small_report


def points(count: int = 48) -> SpectrumPoints:
    """A hill in `count` bins over three decades."""
    return SpectrumPoints(
        ranks=(0, 1, 2),
        values=(3.0, 1.0, 0.5),
        log_low=-2.0,
        log_high=1.0,
        counts=tuple(round(9 * math.exp(-(((at - count / 2) / 8) ** 2))) for at in range(count)),
    )


def spectrum(rows: int = 64, columns: int = 144, **changes: object) -> Spectrum:
    """Figures like those of a trained kernel."""
    fields: dict[str, object] = {
        "shape": (rows, columns),
        "spectral_norm": 3.25,
        "frobenius_norm": 9.0,
        "stable_rank": 7.67,
        "effective_rank": 40.0,
        "condition": 120.0,
        "rank": min(rows, columns) - 2,
        "rank_threshold": 1e-6,
        "alpha": 3.4,
        "alpha_xmin": 0.5,
        "alpha_ks": 0.04,
        "alpha_tail": 20,
        "alpha_stderr": 0.54,
        "random": RandomBaseline(
            low=0.3, high=2.0, low_margin=0.2, high_margin=2.2, above=2, below=0, outside=2 / 64
        ),
        "points": points(),
    }
    return Spectrum(**{**fields, **changes})  # type: ignore[arg-type]


def precision(**changes: object) -> Precision:
    """Outlier channels: scales per channel gain 12.5 dB."""
    fields: dict[str, object] = {
        "int8_tensor": 28.0,
        "int8_channel": 40.5,
        "int4_group": 18.2,
        "fp8_e4m3": 31.5,
        "fp8_e5m2": 25.5,
        "float16": Rounding(overflow=3, vanish=12, subnormal=100),
        "bfloat16": Rounding(overflow=0, vanish=0, subnormal=0),
    }
    return Precision(**{**fields, **changes})  # type: ignore[arg-type]


def measured_report() -> Report:
    """The small report with all of it."""
    report = small_report()
    model = report.models[0]
    spectra = {
        "conv1": spectrum(16, 27, alpha=None, alpha_xmin=None, alpha_ks=None, alpha_tail=None),
        "conv2": spectrum(
            pooled=PooledSpectrum(count=144, alpha=2.9, alpha_ks=0.05, alpha_tail=30, alpha_stderr=0.2)
        ),
        "fc": spectrum(
            10,
            16,
            method="estimated",
            errors=SpectrumErrors(spectral_norm=0.01, stable_rank=0.2, effective_rank=1.5),
        ),
    }
    layers = tuple(_measured(layer, spectra.get(layer.name)) for layer in model.layer_list)
    model = replace(model, layer_list=layers, savings=_savings(model.bytes))
    measured = replace(
        report,
        checkpoint=replace(
            report.checkpoint,
            torch=TorchView(weights_only=False, stops_at="my.module.Thing", version="2.13"),
        ),
        models=(model,),
        tensors=tuple(_tensor(record) for record in report.tensors),
        training=training(report.training),
    )
    return judged(measured)


def _measured(layer: Layer, found: Spectrum | None) -> Layer:
    parts = (
        tuple(spectrum(8, 16, part=f"head {number}") for number in range(2)) if layer.name == "fc" else ()
    )
    reason = "a vector has no singular values worth drawing" if layer.name == "bn1" else None
    rank = found.stable_rank if found else None
    profile = replace(layer.profile, stable_rank=rank, update_ratio=2e-5)
    return replace(layer, spectrum=found, spectra=parts, spectrum_reason=reason, profile=profile)


def _tensor(record: TensorRecord) -> TensorRecord:
    if record.model is None or len(record.shape) < 2:
        return record
    exact = ("bfloat16",) if record.name == "fc.weight" else ()
    errors = {"int8_tensor": 0.3} if record.name == "conv2.weight" else {}
    tensor = 24.0 if record.name == "conv2.weight" else 40.0
    found = precision(exact_in=exact, errors=errors, int8_tensor=tensor)
    law = Initialisation(
        law="U(-0.083, 0.083): PyTorch's default",
        family="uniform",
        consistent=True,
        ks=0.01,
        values=record.numel,
    )
    return replace(record, precision=found, initialisation=law)


def _savings(now: int) -> tuple[Saving, ...]:
    def saving(form: str, part: int, **changes: object) -> Saving:
        kept = now // part
        fields: dict[str, object] = {
            "form": form, "label": LABELS[form], "bytes": kept, "saved": now - kept, "left": kept, "tensors": 3,
            "share": 1 - kept / now,
        }  # fmt: skip
        return Saving(**{**fields, **changes})  # type: ignore[arg-type]

    worst = {"worst": "net.conv2.weight"}
    return (
        saving("float16", 2, overflow=3, vanish=1, cost="3 values overflow; 1 value vanishes"),
        saving("bfloat16", 2, cost="rounding only: no value overflows or vanishes"),
        saving("int8-channel", 4, worst_sqnr=38.0, median_sqnr=41.0, **worst),
        saving("int4-group", 8, worst_sqnr=12.0, median_sqnr=18.0, **worst),
    )


def training(bare: Training) -> Training:
    """An AdamW late on its cosine, a step schedule that is not known, scaler, average, histories."""
    states = tuple(
        ParameterState(
            parameter=path,
            index=str(number),
            group=0,
            elements=100,
            step=120.0,
            zero_share=0.25 if number == 1 else 0.0,
            update_rms=1e-6,
            update_ratio=ratio,
            noise=0.9,
        )
        for number, (path, ratio) in enumerate(
            (("net.conv1.weight", 2e-5), ("net.conv2.weight", 4e-5), ("net.bn1.weight", 8e-5))
        )
    )
    group = Group(
        settings={"lr": "0.0001", "betas": "(0.9, 0.999)"},
        parameters=6,
        words="AdamW, learning rate 1e-4, weight decay 0.01, on 6 parameters",
        rate=1e-4,
        peak_rate=1e-2,
    )
    optimizer = Optimizer(
        path="optimizer",
        kind="AdamW",
        basis="inferred",
        evidence="slots exp_avg and exp_avg_sq",
        groups=(group,),
        slots=(Slot(name="exp_avg", tensors=1, elements=432, bytes=1728),),
        parameters=6,
        model="net",
        matched=6,
        matched_by="order and shape",
        steps=(120, 120),
        states=states,
    )
    steps = tuple(range(0, 101, 10))
    rates = tuple(0.005 * (1 + math.cos(math.pi * step / 100)) for step in steps)
    cosine = Scheduler(
        path="scheduler",
        kind="CosineAnnealingLR",
        basis="inferred",
        evidence="it keeps T_max",
        settings={"T_max": "100"},
        at=90,
        words="step 90 of 100, learning rate 0.00024",
        curve=Curve(steps=steps, rates=rates, at=90, now=rates[9], peak=0.01, ends=True),
    )
    falling = tuple(2.0 * 0.8**at for at in range(30))
    held = tuple(max(value, 0.1) for value in falling)
    return replace(
        bare,
        optimizers=(optimizer,),
        schedulers=(cosine, *bare.schedulers),
        metrics=(
            *bare.metrics,
            Fact(path="history.train_loss", name="history.train_loss", value="30 numbers", series=falling),
            Fact(path="history.val_loss", name="history.val_loss", value="30 numbers", series=held),
        ),
        scalers=(
            Scaler(
                path="scaler",
                scale=65536.0,
                growth_factor=2.0,
                backoff_factor=0.5,
                growth_interval=2000,
                growth_tracker=120,
            ),
        ),
        averages=(
            Average(
                average="ema",
                raw="net",
                tensors=4,
                distance=0.031,
                farthest=(
                    LayerDistance(name="conv2.weight", path="net.conv2.weight", distance=0.08),
                    LayerDistance(name="fc.weight", path="net.fc.weight", distance=0.02),
                ),
            ),
        ),
    )
