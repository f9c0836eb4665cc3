"""The names that checkpoints need and that do nothing but hold data: the exact allow list."""

from pthreport.checkpoint.dtypes import STORAGE_DTYPES, TENSOR_TYPES, TORCH_DTYPES

_REBUILDS = "Rebuilds a tensor from a storage, sizes and strides."
_PLAIN = "A plain container or value."
_NUMPY = "Rebuilds a numpy array or number."
_MODULE = "A layer class of torch.nn: its settings and weights are restored."
_ENUM = "A constant of torch."

_TORCH_UTILS = """
_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state
_rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor
_rebuild_wrapper_subclass _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy
_rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor
"""

_CONSTANTS = """
per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric
per_channel_affine_float_qparams strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc _mkldnn
jagged contiguous_format channels_last channels_last_3d preserve_format
"""

_LAYERS = {
    "activation": """CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid
        LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d
        Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold""",
    "adaptive": "AdaptiveLogSoftmaxWithLoss",
    "batchnorm": """BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LazyBatchNorm1d LazyBatchNorm2d
        LazyBatchNorm3d""",
    "channelshuffle": "ChannelShuffle",
    "container": "Sequential ModuleList ModuleDict ParameterList ParameterDict Container",
    "conv": """Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d
        LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d""",
    "distance": "CosineSimilarity PairwiseDistance",
    "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
    "flatten": "Flatten Unflatten",
    "fold": "Fold Unfold",
    "instancenorm": """InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d
        LazyInstanceNorm2d LazyInstanceNorm3d""",
    "linear": "Bilinear Identity LazyLinear Linear NonDynamicallyQuantizableLinear",
    "loss": """BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss
        HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
        MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss
        SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss""",
    "module": "Module",
    "normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "padding": """CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d
        ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d
        ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d""",
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "pooling": """AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
        AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d
        FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d
        MaxUnpool2d MaxUnpool3d""",
    "rnn": "GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell RNNCellBase",
    "sparse": "Embedding EmbeddingBag",
    "transformer": """Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
        TransformerEncoderLayer""",
    "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}

_OPTIMIZERS = {
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamax": "Adamax",
    "adamw": "AdamW",
    "asgd": "ASGD",
    "lbfgs": "LBFGS",
    "nadam": "NAdam",
    "radam": "RAdam",
    "rmsprop": "RMSprop",
    "rprop": "Rprop",
    "sgd": "SGD",
    "sparse_adam": "SparseAdam",
}

_SCRIPT = """
build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id restore_type_tag
"""

_BUILTINS = "set frozenset complex bytearray bytes slice range object list dict tuple int float str bool"

_PLAIN_NAMES = {
    "collections": "OrderedDict defaultdict Counter deque",
    "datetime": "date datetime time timedelta timezone",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID",
    "torch": "Size device dtype Tensor",
    "torch.nn": "Parameter",
    "torch.nn.parameter": "Parameter Buffer UninitializedParameter UninitializedBuffer",
    "torch.autograd.variable": "Variable",
    "torch._tensor": "Tensor",
    "torch.tensor": "Tensor",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "copy_reg": "_reconstructor __newobj__ __newobj_ex__",
    "_codecs": "encode",
}

_DISTRIBUTED = {
    "metadata": """Metadata TensorStorageMetadata BytesStorageMetadata ChunkStorageMetadata TensorProperties
        MetadataIndex StorageMeta _MEM_FORMAT_ENCODING""",
    "filesystem": "_StorageInfo _StoragePrefix",
}

_NUMPY_NAMES = {
    "numpy": "dtype ndarray",
    **{f"{package}.multiarray": "_reconstruct scalar" for package in ("numpy.core", "numpy._core")},
    **{f"{package}.numeric": "_frombuffer" for package in ("numpy.core", "numpy._core")},
}


def _pairs(module: str, names: str, why: str) -> dict[tuple[str, str], str]:
    return {(module, name): why for name in names.split()}


KNOWN: dict[tuple[str, str], str] = {
    **_pairs("torch._utils", _TORCH_UTILS, _REBUILDS),
    **_pairs("torch._tensor", "_rebuild_from_type_v2 _rebuild_from_type", _REBUILDS),
    **_pairs("torch.tensor", "_rebuild_from_type", _REBUILDS),
    **_pairs(
        "torch.nested._internal.nested_tensor",
        "NestedTensor _rebuild_njt",
        "Rebuilds a jagged nested tensor of others.",
    ),
    ("torch._dynamo.decorators", "_DimRange"): "The bounds of a jagged tensor's dimension.",
    **_pairs("torch.jit._pickle", _SCRIPT, "Restores a typed list or dict of TorchScript."),
    **_pairs("torch", _CONSTANTS, _ENUM),
    (
        "torch.nn.backends.thnn",
        "_get_thnn_function_backend",
    ): "Names the functions that layers of torch before 1.5 called.",
    **_pairs("torch.serialization", "_get_layout", "Names a sparse layout."),
    **{
        pair: why
        for module, names in _DISTRIBUTED.items()
        for pair, why in _pairs(
            f"torch.distributed.checkpoint.{module}", names, "Says where a checkpoint's pieces are."
        ).items()
    },
    **_pairs(
        "deepspeed.runtime.fp16.loss_scaler",
        "LossScaler DynamicLossScaler",
        "DeepSpeed's loss scaling: a few numbers.",
    ),
    **_pairs("deepspeed.runtime.zero.config", "ZeroStageEnum", "DeepSpeed's name for a stage of ZeRO."),
    **_pairs(
        "deepspeed.utils.tensor_fragment",
        "fragment_address",
        "Where DeepSpeed keeps a parameter: two numbers.",
    ),
    **dict.fromkeys(STORAGE_DTYPES, "The type of a storage."),
    **dict.fromkeys(TENSOR_TYPES, "The type of a tensor."),
    **dict.fromkeys(TORCH_DTYPES, "An element type."),
    **{
        (f"torch.nn.modules.{module}", name): _MODULE
        for module, names in _LAYERS.items()
        for name in names.split()
    },
    **{
        (f"torch.optim.{module}", name): "An optimizer class of torch: its settings and state are restored."
        for module, names in _OPTIMIZERS.items()
        for name in names.split()
    },
    **{
        pair: why
        for module in ("builtins", "__builtin__")
        for pair, why in _pairs(module, _BUILTINS, _PLAIN).items()
    },
    **{
        pair: why
        for module, names in _PLAIN_NAMES.items()
        for pair, why in _pairs(module, names, _PLAIN).items()
    },
    **{
        pair: why
        for module, names in _NUMPY_NAMES.items()
        for pair, why in _pairs(module, names, _NUMPY).items()
    },
}
"""Exact (module, name) to the reason why it is known."""
