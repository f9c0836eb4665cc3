"""Training runs saved as people save them."""

from typing import Any

import torch
from torch import nn


def training_run(
    *, rate: float = 1e-3, kind: str = "Adam", named: bool = False, frozen: int = 0
) -> dict[str, Any]:
    """A small network and its optimizer after some steps. `named` gives the groups their `param_names`
    (torch 2.6 and later), the first `frozen` parameters are not given to the optimizer."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 10))
    given: Any = list(model.named_parameters())[frozen:]
    if not named:
        given = [parameter for _, parameter in given]
    optimizer = getattr(torch.optim, kind)(given, lr=rate)
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.randn(32, 12)), torch.randint(0, 10, (32,)))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return {"model": dict(model.state_dict()), "optimizer": optimizer.state_dict(), "epoch": 1}
