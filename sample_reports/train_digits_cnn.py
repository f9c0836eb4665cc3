"""Train the bundled checkpoint: a small convolutional classifier of handwritten digits.

The data are the 1797 grey pictures of 8 x 8 pixels that ship inside scikit-learn (a copy of the test set of
the UCI ML hand-written digits data set), so nothing is downloaded. The checkpoint is what a training script
usually saves: weights, AdamW's and the schedule's state, the history of both losses, and the arguments.

    python -m sample_reports.train_digits_cnn [--output FILE]

Ten seconds on one core. The same seed on the same processor and version of torch gives the same bytes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

OUTPUT = Path(__file__).with_name("digits_cnn.pth")


class DigitsNet(nn.Module):
    """Three convolutions with batch normalisation, then a linear head on the pooled features.

    Takes pictures of shape (n, 1, 8, 8) with values from 0 to 1; gives logits of shape (n, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 64, kernel_size=3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(64)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        x = torch.relu(self.bn3(self.conv3(x))).mean(dim=(2, 3))
        logits: Tensor = self.fc(x)
        return logits


def digits(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training pictures and labels, then validation pictures and labels (a fifth, stratified)."""
    pictures, labels = load_digits(return_X_y=True)
    parts = train_test_split(pictures / 16.0, labels, test_size=0.2, random_state=seed, stratify=labels)
    x_train, x_val, y_train, y_val = parts
    return (
        torch.tensor(x_train, dtype=torch.float32).view(-1, 1, 8, 8),
        torch.tensor(y_train),
        torch.tensor(x_val, dtype=torch.float32).view(-1, 1, 8, 8),
        torch.tensor(y_val),
    )


def batches(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Indices 0..count in a random order, `size` at a time."""
    order = torch.randperm(count, generator=generator)
    for start in range(0, count, size):
        yield order[start : start + size]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the bundled classifier of handwritten digits.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()

    # Sums in another order give other bits: one thread, and only kernels that repeat.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)

    x_train, y_train, x_val, y_val = digits(args.seed)
    model = DigitsNet()
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    # The cosine ends one epoch after the training does, so that no epoch runs at a learning rate of nought.
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs + 1)

    history: dict[str, list[float]] = {"train_loss": [], "val_loss": [], "val_accuracy": [], "lr": []}
    for epoch in range(1, args.epochs + 1):
        history["lr"].append(float(scheduler.get_last_lr()[0]))
        model.train()
        total = 0.0
        for batch in batches(len(x_train), args.batch_size, generator):
            optimizer.zero_grad()
            loss = loss_of(model(x_train[batch]), y_train[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        scheduler.step()

        model.eval()
        with torch.no_grad():
            logits = model(x_val)
        history["train_loss"].append(total / len(x_train))
        history["val_loss"].append(loss_of(logits, y_val).item())
        history["val_accuracy"].append((logits.argmax(dim=1) == y_val).double().mean().item())
        print(
            f"epoch {epoch:3d}  train loss {history['train_loss'][-1]:.4f}"
            f"  validation loss {history['val_loss'][-1]:.4f}  accuracy {history['val_accuracy'][-1]:.4f}"
        )

    torch.save(
        {
            "epoch": args.epochs,
            "model_state_dict": model.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "scheduler_state_dict": scheduler.state_dict(),
            "metrics": {
                "train_loss": history["train_loss"][-1],
                "val_loss": history["val_loss"][-1],
                "val_accuracy": history["val_accuracy"][-1],
            },
            "history": history,
            "args": {
                "arch": "DigitsNet",
                "dataset": "sklearn.datasets.load_digits",
                "epochs": args.epochs,
                "batch_size": args.batch_size,
                "lr": args.lr,
                "weight_decay": args.weight_decay,
                "seed": args.seed,
                "torch": torch.__version__.split("+")[0],
            },
        },
        args.output,
    )
    print(f"Wrote {args.output} ({args.output.stat().st_size / 1e3:.0f} kB).")


if __name__ == "__main__":
    main()
