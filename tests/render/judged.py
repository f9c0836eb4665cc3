"""Reports made by hand, with the states and the sentences that the summary makes of their figures."""

from msgspec.structs import replace

from pthreport.checks import Examination
from pthreport.checks.odd_tails import ODD_TAILS
from pthreport.document import LayerCaptions, Report
from pthreport.summary.captions import captions
from pthreport.summary.profile import layer_states
from pthreport.summary.spectra import alpha_band, layer_caption
from pthreport.summary.tensors import tensor_captions
from pthreport.summary.updates import last_updates


def judged(report: Report, examination: Examination | None = None) -> Report:
    """`report` judged by the thresholds of `examination`, by default those of the checks."""
    by = examination or Examination()
    kinds = {layer.weight: layer.kind for model in report.models for layer in model.layer_list}
    tensors = tuple(
        replace(
            record,
            captions=tensor_captions(
                record.statistics,
                record.histogram,
                record.units,
                "row" if kinds.get(record.path) == "embedding" else "unit",
            ),
        )
        for record in report.tensors
    )
    by_path = {record.path: record for record in tensors}
    steps = last_updates(report.training.optimizers, by_path, by)
    band = alpha_band(by.limits(ODD_TAILS))
    models = tuple(
        replace(
            model,
            layer_list=tuple(
                replace(
                    layer,
                    states=states,
                    captions=LayerCaptions(
                        spectrum=layer_caption(layer.spectrum, states.tail, band) if layer.spectrum else ""
                    ),
                )
                for layer in model.layer_list
                for record in [by_path.get(layer.weight or "")]
                for step in [steps.get(layer.weight or "")]
                for states in [layer_states(layer.kind, record, layer.spectrum, step, by)]
            ),
        )
        for model in report.models
    )
    found = captions(report.imports, report.imports_left_out, models, report.training, by_path, steps, by)
    return replace(report, models=models, tensors=tensors, captions=found)
