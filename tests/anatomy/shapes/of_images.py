"""Models on images: torchvision, timm, pytorchcv, open_clip, Ultralytics, and U-Nets."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.anatomy.shapes.made import Made

CLASSIFIER = {"classes": 1000, "input channels": 3}


def vit(model: Any) -> dict[str, Any]:
    block = model.blocks[0]
    said = {
        "depth": len(model.blocks),
        "width": model.embed_dim,
        "heads": block.attn.num_heads,
        "input channels": 3,
    }
    return said | ({"classes": model.num_classes} if model.num_classes else {})


def torchvision() -> Iterator[Made]:
    library = import_module("torchvision.models")
    named = {
        "resnet18": "ResNet-18", "resnet34": "ResNet-34", "resnet50": "ResNet-50", "resnet152": "ResNet-152",
        "resnext50_32x4d": "ResNeXt-50 32x4d", "wide_resnet50_2": "Wide ResNet-50-2",
        "vgg11": "VGG-11", "vgg13_bn": "VGG-13 with batch normalisation", "vgg16": "VGG-16",
        "vgg19_bn": "VGG-19 with batch normalisation", "mobilenet_v2": "MobileNetV2", "mobilenet_v3_large": "MobileNetV3-Large",
        "mobilenet_v3_small": "MobileNetV3-Small", "efficientnet_b0": "EfficientNet-B0", "efficientnet_b4": "EfficientNet-B4",
        "efficientnet_v2_s": "EfficientNetV2-S", "densenet121": "DenseNet-121", "densenet161": "DenseNet-161",
        "densenet201": "DenseNet-201", "vit_b_16": "ViT-B/16", "swin_t": "Swin-T", "swin_b": "Swin-B", "swin_v2_t": "Swin V2-T",
        "alexnet": None, "convnext_tiny": None, "googlenet": None, "inception_v3": None, "maxvit_t": None, "mnasnet1_0": None,
        "mvit_v2_s": None, "regnet_x_400mf": None, "regnet_y_800mf": None, "shufflenet_v2_x1_0": None,
        "squeezenet1_0": None, "swin3d_t": None, "r2plus1d_18": None, "s3d": None, "raft_small": None,
        "ssd300_vgg16": None, "deeplabv3_mobilenet_v3_large": None, "fasterrcnn_mobilenet_v3_large_fpn": None,
    }  # fmt: skip
    bare: dict[str, Any] = {"weights": None, "weights_backbone": None}
    for name, variant in named.items():
        options: dict[str, Any] = {"weights": None}
        if name.startswith(("ssd", "deeplab", "fasterrcnn")):
            options = bare
        if name in ("googlenet", "inception_v3"):
            options["init_weights"] = False  # which would draw numbers on the meta device
        make = library.get_model_builder(name)
        says = CLASSIFIER if variant else {}
        yield f"torchvision {name}", variant, partial(make, **options), says
    parts = {
        "fcn_resnet50": "ResNet-50",
        "fasterrcnn_resnet50_fpn": "ResNet-50",
        "lraspp_mobilenet_v3_large": "MobileNetV3-Large",
    }
    for name, variant in parts.items():
        make = library.get_model_builder(name)
        yield f"torchvision {name}", f"{variant} inside", partial(make, **bare), {}


def timm() -> Iterator[Made]:
    library = import_module("timm")
    named = {
        "seresnet50": "SE-ResNet-50", "resnetv2_50": "pre-activation ResNet-50", "resnet26d": "ResNet-26",
        "resnext101_32x8d": "ResNeXt-101 32x8d", "mobilenetv1_100": "MobileNetV1",
        "mobilenetv2_050": "MobileNetV2 at 0.5 times its width", "mobilenetv3_large_075": "MobileNetV3-Large at 0.75 times its width",
        "tf_efficientnet_b7": "EfficientNet-B7", "efficientnet_lite0": "EfficientNet-Lite0", "densenet169": "DenseNet-169",
        "swin_small_patch4_window7_224": "Swin-S", "swin_large_patch4_window12_384": "Swin-L",
        "vgg11_bn": "VGG-11 with batch normalisation",
        "cait_xxs24_224": None, "coat_tiny": None, "convit_tiny": None, "convmixer_768_32": None, "cspdarknet53": None,
        "davit_tiny": None, "dla34": None, "dpn68": None, "edgenext_small": None, "efficientformer_l1": None,
        "efficientvit_b0": None, "fbnetc_100": None, "focalnet_tiny_srf": None, "gcvit_xxtiny": None, "ghostnet_100": None, "gmlp_s16_224": None,
        "hardcorenas_a": None, "hrnet_w18_small": None, "inception_resnet_v2": None, "levit_128": None, "mixer_b16_224": None, "mixnet_s": None,
        "mobilenetv4_conv_small": None, "mobilevit_s": None, "mobileone_s0": None, "nfnet_f0": None, "pit_ti_224": None, "poolformer_s12": None,
        "pvt_v2_b0": None, "repvgg_a0": None, "res2net50_14w_8s": None, "resmlp_12_224": None, "resnest14d": None, "rexnet_100": None,
        "samvit_base_patch16": None, "selecsls42b": None, "semnasnet_100": None, "sequencer2d_s": None, "skresnet18": None, "tinynet_a": None,
        "tnt_s_legacy_patch16_224": None, "twins_pcpvt_small": None, "visformer_tiny": None, "vit_small_r26_s32_224": None,
        "vovnet39a": None, "volo_d1_224": None, "xception41": None, "xcit_nano_12_p8_224": None,
    }  # fmt: skip
    for name, variant in named.items():
        yield (
            f"timm {name}",
            variant,
            partial(library.create_model, name),
            CLASSIFIER if variant else {},
        )
    for name, variant in {
        "vit_tiny_patch16_224": "ViT-Ti/16", "vit_small_patch32_224": "ViT-S/32", "vit_large_patch16_384": "ViT-L/16",
        "deit_base_distilled_patch16_224": "ViT-B/16", "beit_base_patch16_224": "ViT-B/16", "eva02_tiny_patch14_224": "ViT of 12 blocks",
    }.items():  # fmt: skip
        yield f"timm {name}", variant, partial(library.create_model, name), vit


def unets() -> Iterator[Made]:
    flat, solid = import_module("unet_pytorch.model"), import_module("unet3d.unet3d")
    wide = {"levels": 5, "width": "64, 128, 256, 512, 1024", "input channels": 3, "classes": 2}
    yield "unet_pytorch UNet", "U-Net of 5 levels", lambda: flat.UNet(3, 2), wide
    deep = {"levels": 5, "width": "8, 16, 32, 64, 128", "input channels": 1, "classes": 2}
    yield "unet3d UNet3d", "3-D U-Net of 5 levels", solid.UNet3d, deep
    few = {"levels": 4, "width": "16, 32, 64, 128", "input channels": 4, "classes": 3}
    yield "unet3d of 3 steps", "3-D U-Net of 4 levels", lambda: solid.UNet3d(4, 3, 16, 3), few
    yield "unet3d LinkNet3d", None, lambda: import_module("unet3d.linknet3d").LinkNet3d(), {}


def ultralytics() -> Iterator[Made]:
    tasks = import_module("ultralytics.nn.tasks")
    base = Path(import_module("ultralytics").__file__ or "").parent / "cfg" / "models"
    for name, folder, variant, classes in (
        ("yolov5s", "v5", "YOLOv5su", 80), ("yolov8n", "v8", "YOLOv8n", 80), ("yolov8m", "v8", "YOLOv8m", 3),
        ("yolo11n", "11", "YOLO11", 80), ("yolov3", "v3", "YOLO without anchors", 80), ("rtdetr-resnet50", "rt-detr", None, 80),
    ):  # fmt: skip
        says = {"classes": classes, "input channels": 3} if variant else {}
        path = str(base / folder / f"{name}.yaml")
        yield (
            f"ultralytics {name}",
            variant,
            partial(tasks.DetectionModel, path, nc=classes, verbose=False),
            says,
        )


def others() -> Iterator[Made]:
    cv = import_module("pytorchcv.model_provider")
    for name, variant in {
        "resnet20_cifar10": "ResNet-20", "wrn28_10_cifar10": "pre-activation Wide ResNet-28-10", "preresnet18": "pre-activation ResNet-18",
        "mobilenet_wd2": "MobileNetV1 at 0.5 times its width", "bninception": None, "darknet53": None, "diracnet18v2": None, "drnc26": None,
        "icnet_resnetd50b_cityscapes": None, "mnasnet_b1": None, "peleenet": None, "polynet": None, "shufflenet_g1_w1": None, "sinet_cityscapes": None,
        "sqnxt23_w1": None, "hrnet_w18_small_v1": None, "lwopenpose2d_mobilenet_cmupan_coco": None,
    }.items():  # fmt: skip
        says = {"classes": 10} if name.endswith("cifar10") else {}
        yield f"pytorchcv {name}", variant, partial(cv.get_model, name, pretrained=False), says
    clip = import_module("open_clip")
    for name in ("ViT-B-32", "RN50", "coca_base", "ViT-B-16-SigLIP"):
        yield f"open_clip {name}", None, partial(clip.create_model, name, pretrained=None), {}
