"""What is told of several tensors together, in a whole report of files that torch wrote."""

from pathlib import Path

import numpy as np
import pytest
import torch

import pthreport
from pthreport.document import Report, from_json, to_json


def trained(path: Path) -> Report:
    """A model after some steps with its moving average, optimizer, schedule and scaler."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(288, 10)
    )
    average = torch.optim.swa_utils.AveragedModel(model, avg_fn=lambda a, p, _: 0.5 * a + 0.5 * p)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=1e-3
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(4, 3, 8, 8)).square().mean().backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
    torch.save(
        {
            "model": model.state_dict(),
            "ema": average.module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": schedule.state_dict(),
            "scaler": torch.amp.GradScaler("cpu", enabled=True).state_dict(),
        },
        path,
    )
    return pthreport.analyze(path)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return trained(tmp_path_factory.mktemp("joint") / "run.pt")


def test_the_report_survives_its_json(report: Report) -> None:
    assert to_json(from_json(to_json(report))) == to_json(report)


def test_groups_are_said_in_words(report: Report) -> None:
    optimizer = report.training.optimizers[0]
    rate = optimizer.groups[0].rate
    assert rate is not None
    assert optimizer.groups[0].words == (
        f"AdamW, learning rate {rate:.4g}, betas 0.9 and 0.999, weight decay 0.05, on 2 parameters".replace(
            "e-0", "e-"
        )
    )
    assert "weight decay" not in optimizer.groups[1].words
    assert optimizer.groups[0].peak_rate == pytest.approx(1e-3)
    assert rate < 1e-3


def test_schedule_and_scaler(report: Report) -> None:
    schedule = report.training.schedulers[0]
    assert schedule.curve is not None
    assert schedule.curve.now == pytest.approx(report.training.optimizers[0].groups[0].rate)
    assert schedule.curve.at == 4
    assert report.training.scalers[0].scale == 65536.0


def test_states_have_their_steps(report: Report) -> None:
    states = report.training.optimizers[0].states
    assert len(states) == 6
    assert {state.step for state in states} == {4.0}
    assert [state.group for state in states] == [0, 0, 1, 1, 1, 1]
    for state in states:
        assert state.update_rms is not None
        assert state.noise is not None
        assert (state.negative, state.nan) == (0, 0)


def test_the_average_is_measured(report: Report) -> None:
    (average,) = report.training.averages
    assert (average.average, average.raw) == ("ema", "model")
    assert average.tensors == 6
    assert average.distance is not None
    assert 0 < average.distance < 0.1
    distances = [layer.distance for layer in average.farthest]
    assert distances == sorted(distances, reverse=True)


def test_batch_norm_and_savings(report: Report) -> None:
    model = next(m for m in report.models if m.key == "model")
    facts = next(layer.batchnorm for layer in model.layer_list if layer.kind == "batchnorm")
    assert facts is not None
    assert (facts.channels, facts.batches, facts.initial, facts.var_bad) == (8, 4, False, 0)
    forms = {saving.form: saving for saving in model.savings}
    weights = [t for t in report.tensors if t.model == "model" and t.role == "parameter"]
    now = sum(t.nbytes for t in weights)
    assert forms["float16"].saved == now // 2
    assert forms["int8-tensor"].saved == sum(3 * t.numel - 4 for t in weights if len(t.shape) > 1)
    assert forms["int8-channel"].bytes > forms["int8-tensor"].bytes
    assert not forms["bfloat16"].lossless


def test_update_ratios_reach_the_layers_where_parameters_have_names(tmp_path: Path) -> None:
    torch.manual_seed(1)
    linear = torch.nn.Linear(30, 20)
    adam = torch.optim.Adam(linear.parameters(), lr=0.01)
    before = linear.weight.detach().clone()
    linear(torch.randn(5, 30)).square().sum().backward()
    adam.step()
    torch.save({"model": linear.state_dict(), "optimizer": adam.state_dict()}, tmp_path / "one.pt")
    found = pthreport.analyze(tmp_path / "one.pt")
    after = linear.weight.detach()
    ratio = float((after - before).double().norm() / after.double().norm())
    assert found.models[0].layer_list[0].profile.update_ratio == pytest.approx(ratio, rel=1e-3)
    assert found.training.optimizers[0].states[0].parameter == "model.weight"


def test_embeddings_have_rows(tmp_path: Path) -> None:
    torch.manual_seed(2)
    rows = torch.randn(300, 40)
    rows[7] = 0
    rows[9] = rows[8]
    rows[11] *= 30
    torch.save(
        {"embedding.weight": rows, "fc.weight": torch.randn(5, 40), "fc.bias": torch.zeros(5)},
        tmp_path / "e.pt",
    )
    found = pthreport.analyze(tmp_path / "e.pt")
    units = found.tensors[0].units
    assert units is not None
    assert (units.dead_units, units.large_units) == ((7,), (11,))
    assert [(pair.first, pair.second) for pair in units.duplicates] == [(8, 9)]
    norms = np.linalg.norm(rows.double().numpy(), axis=1)
    assert units.norm_spread == pytest.approx(norms.std() / norms.mean())
    dead = next(f for f in found.findings if f.check == "dead-units")
    assert dead.status != "warn"


def test_jobs_change_no_byte(tmp_path: Path) -> None:
    trained(tmp_path / "run.pt")
    one, two = (pthreport.analyze(tmp_path / "run.pt", jobs=jobs) for jobs in (1, 2))
    assert to_json(one) == to_json(two)


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    trained(tmp_path / "run.pt")
    found = pthreport.analyze(tmp_path / "run.pt", depth="summary")
    assert found.training.optimizers[0].states == ()
    assert found.training.averages == ()
    assert found.models[0].savings == ()
    assert found.training.schedulers[0].curve is not None


def test_settings_that_make_no_sense_do_no_harm(tmp_path: Path) -> None:
    linear = torch.nn.Linear(5, 4)
    adam = torch.optim.Adam(linear.parameters())
    linear(torch.randn(5, 5)).square().sum().backward()
    adam.step()
    model = {
        **linear.state_dict(),
        "bn.running_mean": torch.zeros(3),
        "bn.running_var": torch.full((3,), -1.0),
    }
    model["bn.num_batches_tracked"] = torch.tensor(float("nan"))
    odd = (0.0, -1.0, 1.0, 2.0, 1e308, 10**400, float("nan"), float("inf"), "x", None, [1], True)
    for value in odd:
        state = adam.state_dict()
        state["param_groups"][0] |= {
            "lr": value,
            "betas": (value, value),
            "eps": value,
            "weight_decay": value,
        }
        for entry in state["state"].values():
            entry["step"] = value
        scheduler = {
            "last_epoch": value,
            "_step_count": 1,
            "base_lrs": [value],
            "T_max": value,
            "eta_min": value,
        }
        scaler = dict.fromkeys(("scale", "growth_factor", "backoff_factor", "growth_interval"), value)
        torch.save(
            {"model": model, "optimizer": state, "scheduler": scheduler, "scaler": scaler},
            tmp_path / "odd.pt",
        )
        found = pthreport.analyze(tmp_path / "odd.pt", hash=False)
        assert len(found.training.optimizers[0].states) == 2
        facts = next(layer.batchnorm for layer in found.models[0].layer_list if layer.batchnorm)
        assert (facts.var_bad, facts.batches) == (3, None)
        assert to_json(from_json(to_json(found))) == to_json(found)
