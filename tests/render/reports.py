"""Reports made by hand, for the renderers' tests: small, large and hostile ones."""

from collections.abc import Sequence

from msgspec.structs import replace

from pthreport.document import (
    Amount,
    BytesDetail,
    CheckpointFacts,
    Excerpt,
    Fact,
    Group,
    Highlight,
    HistogramDetail,
    Import,
    Layer,
    LayerDetail,
    Model,
    Module,
    Node,
    NumberDetail,
    Optimizer,
    PictureDetail,
    Profile,
    Provenance,
    RemovedPrefix,
    Report,
    Scheduler,
    Slot,
    Statement,
    Summary,
    TableDetail,
    TensorRecord,
    TextDetail,
    Tie,
    Tool,
    Training,
    UnitPair,
    Units,
)
from tests.render.judged import judged
from tests.render.parts import amounts, finding, histogram, picture, statistics, tensor


def small_report() -> Report:
    """Two convolutions, a norm, a linear layer; one finding of every status; training state."""
    tensors: tuple[TensorRecord, ...] = (
        tensor("net.conv1.weight", (16, 3, 3, 3), name="conv1.weight", picture=picture("rgb", 16, 3, 16)),
        tensor(
            "net.conv2.weight",
            (16, 16, 3, 3),
            name="conv2.weight",
            picture=picture("tiles", 8, 3, 16),
            statistics=statistics(2304, zeros=400, nan=12),
            units=Units(
                axis=0,
                count=16,
                dead=2,
                dead_units=(3, 5),
                norm_min=0.0,
                norm_median=0.3,
                norm_max=0.5,
                norms=tuple(0.0 if unit in (3, 5) else 0.3 + unit / 100 for unit in range(16)),
                duplicate_pairs=1,
                duplicates=(UnitPair(first=1, second=4, cosine=0.999),),
                duplicates_searched=16,
            ),
            excerpt=Excerpt(
                index="[0:2, 0:3, 0, 0]", rows=(("0.125", "-0.5", "nan"), ("0", "1", "2")), cut=True
            ),
        ),
        tensor("net.bn1.weight", (16,), name="bn1.weight"),
        tensor("net.bn1.bias", (16,), name="bn1.bias"),
        tensor(
            "net.bn1.num_batches_tracked",
            (),
            name="bn1.num_batches_tracked",
            role="buffer",
            dtype="int64",
            excerpt=Excerpt(index="", rows=(("120",),), cut=False),
        ),
        tensor("net.fc.weight", (10, 16), name="fc.weight", picture=picture("matrix", 1, 10, 10)),
        tensor(
            "net.fc.bias", (10,), name="fc.bias", status="skipped", reason="past the end", statistics=None
        ),
        tensor("optimizer.state.0.exp_avg", (16, 3, 3, 3), model=None, role="optimizer"),
        tensor("mean_image", (3,), model=None, role="other"),
    )
    named = ("conv1", "conv2", "bn1", "fc")
    kinds = {"conv1": "conv2d", "conv2": "conv2d", "bn1": "batchnorm", "fc": "linear"}
    layers = []
    for name in named:
        owned = [record for record in tensors if record.path.startswith(f"net.{name}.")]
        elements = sum(record.numel for record in owned if record.role == "parameter")
        layers.append(
            Layer(
                name=name,
                kind=kinds[name],
                basis="inferred",
                evidence="a weight of 4 dimensions",
                tensors=tuple(record.path for record in owned),
                weight=owned[0].path,
                parameters=elements,
                buffers=1 if name == "bn1" else 0,
                bytes=4 * elements,
                settings={"kernel": "3 x 3"} if name.startswith("conv") else {},
                profile=Profile(
                    norm=1.0 if name == "bn1" else 0.02,
                    spread=0.02,
                    zeros=0.1736 if name == "conv2" else 0.0,
                ),
            )
        )
    parameters = sum(layer.parameters for layer in layers)
    root = Module(
        name="",
        label="",
        depth=0,
        layer=False,
        layers=4,
        parameters=parameters,
        buffers=1,
        bytes=4 * parameters,
    )
    modules = [root] + [
        Module(
            name=layer.name,
            label=layer.name,
            depth=1,
            layer=True,
            layers=1,
            parameters=layer.parameters,
            buffers=layer.buffers,
            bytes=layer.bytes,
        )
        for layer in layers
    ]
    model = Model(
        key="net",
        label="net",
        parameters=parameters,
        buffers=1,
        bytes=4 * parameters,
        layer_list=tuple(layers),
        modules=tuple(modules),
        prefixes=(RemovedPrefix(prefix="module.", count=7, wrapper="DataParallel"),),
        ties=(Tie(paths=("net.fc.weight", "net.conv1.weight")),),
        by_kind=amounts([(kinds[layer.name], layer) for layer in layers]),
        by_depth=amounts([(layer.name, layer) for layer in layers]),
        by_dtype={
            "float32": Amount(layers=4, tensors=6, parameters=parameters, buffers=0, bytes=4 * parameters),
            "int64": Amount(layers=1, tensors=1, parameters=0, buffers=1, bytes=8),
        },
        highlights=(
            Highlight(kind="largest-layer", layer="conv2", value=2304.0, typical=float(parameters)),
            Highlight(kind="gain-high", layer="conv2", value=0.28, typical=0.02),
        ),
    )
    tensors = tuple(record if record.model is None else _in_model(record) for record in tensors)
    findings = (
        finding(
            "nonfinite-weights",
            "Weights are not finite",
            "fail",
            "error",
            ("net.conv2.weight",),
            details=(
                LayerDetail(path="net.conv2.weight", note="12 NaN"),
                NumberDetail(label="Share", value=0.0052, unit="of all"),
                BytesDetail(label="Touched", value=9216),
                TextDetail(text="They stand together."),
                TableDetail(head=("unit", "NaN"), rows=(("3", "12"),), left_out=4),
                HistogramDetail(label="Where", histogram=histogram()),
                PictureDetail(label="Which", picture=picture()),
            ),
        ),
        finding(
            "dead-units",
            "Units are dead",
            "warn",
            "warning",
            ("net.conv2.weight",),
            evidence="2 of 16 units",
        ),
        finding("gone", "A check of somebody else", "error", "warning", evidence="ZeroDivisionError"),
        finding("saved-state", "Optimizer state is here", "info", "info", ("optimizer.state.0.exp_avg",)),
        finding("unknown-imports", "Every import is known", "pass", "error"),
        finding("gates", "Forget gates are open", "not-applicable", "info"),
    )
    report = Report(
        tool=Tool(name="pthreport", version="0.1.0"),
        title="small.pth",
        checkpoint=CheckpointFacts(
            name="small.pth",
            size=24_345,
            sha256="ab" * 32,
            container="torch-zip",
            format={"pickle protocol": "2", "byte order": "little"},
            complete=False,
            problems=("net.fc.bias ends past the end of the file (offset 24,100)",),
        ),
        summary=Summary(
            what="A small convolutional network, 2.9 k parameters in float32.",
            basis="inferred",
            safety=Statement(state="good", word="Yes", text="Yes. It would import two names."),
            health=Statement(state="bad", word="No", text="No. Weights are not finite: 12 of 2,304."),
            examined=Statement(state="caution", word="Partial", text="Partial: 8 of 9 tensors measured."),
            errors=2,
            warnings=1,
            notes=1,
            passed=1,
            worst=(0, 1, 2),
        ),
        findings=findings,
        imports=(
            Import(
                module="torch._utils",
                name="_rebuild_tensor_v2",
                verdict="known",
                why="rebuilds a tensor",
                uses=("called",),
                count=9,
                places=("net.conv1.weight",),
            ),
            Import(
                module="my.module", name="Thing", verdict="unknown", why="not in the list", uses=("built",)
            ),
        ),
        contents=Node(
            key="",
            kind="mapping",
            type="dict",
            count=3,
            children=(
                Node(
                    key="net",
                    kind="mapping",
                    type="collections.OrderedDict",
                    count=7,
                    children=tuple(
                        Node(
                            key=record.name,
                            kind="tensor",
                            type=record.dtype,
                            text=str(record.shape),
                            path=record.path,
                        )
                        for record in tensors[:6]
                    ),
                ),
                Node(key="epoch", kind="integer", type="int", text="12"),
                Node(key="again", kind="reference", type="dict", path="net"),
            ),
        ),
        models=(model,),
        tensors=tensors,
        training=Training(
            optimizers=(
                Optimizer(
                    path="optimizer",
                    kind="Adam or AdamW",
                    basis="inferred",
                    evidence="slots exp_avg and exp_avg_sq",
                    groups=(Group(settings={"lr": "0.001", "betas": "(0.9, 0.999)"}, parameters=6),),
                    slots=(Slot(name="exp_avg", tensors=1, elements=432, bytes=1728),),
                    parameters=6,
                    model="net",
                    matched=6,
                    matched_by="order and shape",
                    steps=(120, 120),
                ),
            ),
            schedulers=(
                Scheduler(
                    path="scheduler",
                    kind="StepLR",
                    basis="inferred",
                    evidence="step_size and gamma",
                    settings={"gamma": "0.1"},
                ),
            ),
            counters=(Fact(path="epoch", name="epoch", value="12"),),
            metrics=(Fact(path="best_acc", name="best_acc", value="0.9712"),),
            arguments=(Fact(path="args.lr", name="lr", value="0.001"),),
        ),
        provenance=Provenance(
            timestamp=None,
            options={"depth": "standard"},
            libraries={"torch": "2.13.0"},
            platform="linux x86_64",
        ),
    )
    return judged(report)


def _in_model(record: TensorRecord) -> TensorRecord:
    return replace(record, model="net")


def named_report(names: Sequence[str]) -> Report:
    """One model whose layers are called `names`, each with one weight of 4 x 4."""
    tensors = tuple(tensor(f"{name}.weight", (4, 4)) for name in names)
    layers = tuple(
        Layer(
            name=name,
            kind="linear",
            basis="inferred",
            evidence="two dimensions",
            tensors=(f"{name}.weight",),
            weight=f"{name}.weight",
            parameters=16,
            buffers=0,
            bytes=64,
            profile=Profile(norm=0.1, spread=0.1, zeros=0.0),
        )
        for name in names
    )
    modules = tuple(
        Module(name=name, label=name, depth=0, layer=True, layers=1, parameters=16, buffers=0, bytes=64)
        for name in names
    )
    model = Model(
        key="",
        label="model",
        parameters=16 * len(names),
        buffers=0,
        bytes=64 * len(names),
        layer_list=layers,
        modules=modules,
        by_kind=amounts([(layer.kind, layer) for layer in layers]),
        by_depth=amounts([(layer.name, layer) for layer in layers]),
    )
    children = tuple(
        Node(key=record.path, kind="tensor", type="float32", text="4 x 4", path=record.path)
        for record in tensors
    )
    report = small_report()
    return replace(
        report,
        models=(model,),
        tensors=tensors,
        findings=(
            finding("nonfinite-weights", "Weights are not finite", "fail", "error", (tensors[0].path,)),
        ),
        summary=replace(report.summary, worst=(0,)),
        contents=Node(key="", kind="mapping", type="dict", count=len(children), children=children),
        training=Training(),
    )
