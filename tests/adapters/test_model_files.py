"""Models in files: run where that is safe, told what they need or lack where it is not."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import warnings
import zipfile
from functools import partial

import pytest
import torch
from torch import nn

from shapeflow.adapters.files.exported import is_operator, is_size
from shapeflow.adapters.files.script_names import candidates_in
from shapeflow.cli import main
from shapeflow.lint.check import lint
from shapeflow.runs.execute import run


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 5)

    def forward(self, x, times: int = 2):
        y = self.body(x)
        for _ in range(times):
            y = y + 1
        return {"logits": self.head(y.mean((2, 3)))}


class Touch:
    """Something that leaves a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "net.pt2"
    batch = torch.export.Dim("batch", min=2, max=64)
    sizes = {"x": {0: batch}, "times": None}
    program = torch.export.export(
        Net().eval(), (torch.rand(2, 3, 16, 16),), {"times": 3}, dynamic_shapes=sizes
    )
    torch.export.save(program, path)
    return path


def changed(source, target, edit):
    """Write an archive with other contents; ``edit`` gets name and contents of each part."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, edit(part.filename, old.read(part.filename)))
    return target


def refused(capsys, path, *more):
    """Return code of the message, and the message; the command is run as a user would."""
    code = main(["trace", "--model", str(path), "-o", str(path.parent / "t.trace.json"), *more])
    text = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in text
    text = text[text.index("error[") :]
    return text[len("error[") : text.index("]")], text


def test_an_exported_program_runs_with_its_modules_on_its_example(exported):
    trace = run(str(exported), device="meta")
    assert [call.path for call in trace.calls] == ["", "body", "body.0", "body.1", "body.2", "head"]
    assert trace.content(trace.calls[0].inputs[0]) == "f32[2, 3, 16, 16]"
    assert trace.calls[0].inputs[0].alias == "in.x" or trace.calls[0].inputs[0].name == "in.x"
    assert trace.run.inputs["made"]["x"] == "the example that the program was exported with"
    assert not any(trace.run.training.values())
    assert trace.content(trace.calls[0].outputs[0]) == "f32[2, 5]"
    kinds = [call.class_name for call in trace.calls]
    assert kinds == ["ExportedProgram", "Sequential", "Conv2d", "BatchNorm2d", "ReLU", "Linear"]


def test_a_program_exported_in_training_is_in_training(tmp_path):
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(nn.Sequential(nn.Dropout(0.5)).train(), (torch.rand(2, 3),)), path)
    assert any(run(str(path), device="meta").run.training.values())


@pytest.mark.parametrize(
    "save", [torch.jit.script, partial(torch.jit.trace, example_inputs=torch.rand(1, 3, 8, 8))]
)
def test_a_scripted_model_runs_on_an_input_for_its_first_weights(save, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
        torch.jit.save(save(model), tmp_path / "net.pt")
    trace = run(str(tmp_path / "net.pt"), device="meta")
    assert trace.content(trace.calls[0].inputs[0]) == "f32[1, 3, 224, 224]"
    assert "those of a Conv2d" in next(iter(trace.run.inputs["made"].values()))
    assert {"relu", "convolution"} <= {op.target.strip("_") for op in trace.ops}
    kinds = [module.class_name for module in trace.modules]
    assert kinds == ["Sequential", "Conv2d", "ReLU"]
    assert not lint(trace).findings


def test_a_pickled_model_is_run_when_it_is_trusted(tmp_path, capsys):
    path = tmp_path / "net.pt"
    torch.save(nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2)), path)
    code, text = refused(capsys, path)
    assert code == "model-untrusted"
    assert "torch.nn.modules.sparse.Embedding" in text
    assert main(["trace", "--model", str(path), "--trust", "-o", str(tmp_path / "t.trace.json")]) == 0
    assert "f32[2, 16, 2]" in capsys.readouterr().out


def test_weights_are_told_the_model_that_they_are_of(tmp_path, capsys):
    from torchvision.models import resnet18

    weights = resnet18().state_dict()
    path = tmp_path / "mine.pth"
    torch.save({"epoch": 1, "state_dict": {f"module.{name}": value for name, value in weights.items()}}, path)
    code, text = refused(capsys, path)
    assert code == "model-weights"
    assert text.rstrip().endswith(f"--model torchvision:resnet18 --checkpoint {path}")
    words = ["trace", "--model", "torchvision:resnet18", "--checkpoint", str(path), "--device", "meta"]
    assert main([*words, "-o", str(tmp_path / "t.trace.json")]) == 0


def test_weights_in_a_wrapper_of_another_name_are_told_it_and_run(tmp_path, capsys):
    from torchvision.models import squeezenet1_1

    path = tmp_path / "last.ckpt"
    torch.save({f"net.{name}": value for name, value in squeezenet1_1().state_dict().items()}, path)
    code, text = refused(capsys, path)
    assert code == "model-weights"
    assert text.rstrip().endswith(f"--model torchvision:squeezenet1_1 --checkpoint {path}")
    words = ["trace", "--model", "torchvision:squeezenet1_1", "--checkpoint", str(path), "--device", "meta"]
    assert main([*words, "-o", str(tmp_path / "t.trace.json")]) == 0


def test_weights_with_another_head_are_told_whose_names_they_have(tmp_path, capsys):
    from torchvision.models import regnet_y_400mf  # works out its sizes with tensors

    path = tmp_path / "mine.pt"
    torch.save(regnet_y_400mf(num_classes=3).state_dict(), path)
    code, text = refused(capsys, path)
    assert code == "model-weights"
    assert (
        "the names of those of torchvision:regnet_y_400mf, which has other shapes of fc.weight [3, " in text
    )
    assert "--model FILE.py:FUNCTION" in text


@pytest.mark.parametrize("name", ["transformers:DistilBertForMaskedLM", "timm:convnextv2_atto"])
@pytest.mark.slow
def test_the_names_of_tensors_alone_tell_the_model(name, tmp_path, capsys):
    library = importlib.import_module(f"shapeflow.adapters.libraries.{name.partition(':')[0]}")
    with torch.device("meta"):
        weights = library.blank(name.partition(":")[2]).state_dict()
    header = {key: {"shape": list(value.shape)} for key, value in weights.items()}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # as the format wants it
    (tmp_path / "weights.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    code, message = refused(capsys, tmp_path / "weights.safetensors")
    assert code == "model-weights"
    assert f"--model {name} --checkpoint" in message


def test_weights_in_safetensors_are_read_by_their_names_alone(tmp_path, capsys):
    from safetensors.torch import save_file

    save_file({"encoder.weight": torch.rand(2, 3)}, tmp_path / "w.safetensors")
    code, text = refused(capsys, tmp_path / "w.safetensors")
    assert (code, "1 tensor, such as encoder.weight" in text) == ("model-weights", True)
    (tmp_path / "config.json").write_text("{}")
    assert f"--model {tmp_path} --checkpoint" in refused(capsys, tmp_path / "w.safetensors")[1]


def write_model(edit):
    """Return what changes the description of an exported program."""
    return lambda name, data: edit(data) if name.endswith("models/model.json") else data


def described(edit):
    def change(data):
        program = json.loads(data)
        edit(program)
        return json.dumps(program).encode()

    return write_model(change)


def other_target(program):
    program["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.mkdir"


def enum_in_spec(program):
    signature = program["graph_module"]["module_call_graph"][0]["signature"]
    context = json.dumps({"__enum__": True, "fqn": "antigravity:x", "name": "a"}).replace("__", "\\u005f_")
    spec = {"type": "builtins.tuple", "context": context, "children_spec": []}
    signature["in_spec"] = json.dumps([1, spec])


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (described(other_target), "the operator 'torch.os.mkdir'"),
        (described(enum_in_spec), "names of modules that would be imported"),
        (
            write_model(lambda data: data.replace(b"Symbol('", b"__import__('os').mkdir('")),
            "the size '__import__",
        ),
    ],
)
def test_a_program_that_names_more_than_operators_and_sizes_is_refused(
    edit, found, exported, tmp_path, capsys
):
    path = changed(exported, tmp_path / "net.pt2", edit)
    assert path.read_bytes() != exported.read_bytes()
    code, text = refused(capsys, path)
    assert (code, found in text) == ("model-untrusted", True)


def test_a_program_with_pickled_objects_is_refused_and_nothing_runs(exported, tmp_path, capsys):
    mark = tmp_path / "made"
    evil = pickle.dumps(((Touch(mark),), {}))
    path = changed(
        exported, tmp_path / "net.pt2", lambda name, data: evil if "sample_inputs" in name else data
    )
    assert refused(capsys, path)[0] == "model-untrusted"
    assert not mark.exists()


@pytest.mark.parametrize("old", [True, False])
def test_a_hostile_pickle_is_named_and_not_run(old, tmp_path, capsys):
    mark, path = tmp_path / "made", tmp_path / "net.pt"
    torch.save({"state_dict": Touch(mark)}, path, _use_new_zipfile_serialization=not old)
    code, text = refused(capsys, path)
    assert (code, "mkdir" in text) == ("model-untrusted", True)
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(Touch(mark)))
    assert refused(capsys, tmp_path / "plain.pkl")[0] == "model-untrusted"
    assert not mark.exists()


def test_operators_and_sizes_are_told_from_other_code():
    fine = (
        "torch.ops.aten.relu.default",
        "torch.ops.higher_order.cond",
        "_operator.getitem",
        "torch.sym_max",
    )
    assert all(map(is_operator, fine))
    bad = (
        "torch.hub.load",
        "torch.ops.load_library",
        "_operator.methodcaller",
        "torch.ops.__class__.x",
        "math.__doc__",
    )
    assert not any(map(is_operator, bad))
    assert is_size("Symbol('s7', positive=True, integer=True)")
    assert is_size("Mul(Integer(2), FloorDiv(Symbol('s7'), Integer(3)))")
    assert is_size("2*s0 + 1.5")
    for text in (
        "open('x')",
        "s0.real",
        "().__class__",
        "Symbol('s').x()",
        "exec(s0)",
        "[s0]",
        "(exit)(1)",
        "1.real",
    ):
        assert not is_size(text), text


@pytest.mark.parametrize(
    ("name", "contents", "because"),
    [
        ("empty.pt", b"", "it is empty"),
        ("web.pt2", b"<!DOCTYPE html><html>", "a saved web page"),
        ("lfs.safetensors", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("noise.pt", b"\x93\x07noise" * 400, "no archive, and no pickle"),
        ("noise.pt2", b"\x93\x07noise" * 400, ""),
        ("cut.pt", b"PK\x03\x04" + b"\0" * 400, "it may be cut off"),
        ("huge.safetensors", (2**60).to_bytes(8, "little") + b"{}", "not the length of a list of tensors"),
        ("deep.safetensors", (40_000).to_bytes(8, "little") + b"[" * 20_000 + b"]" * 20_000, "recursion"),
        ("odd.safetensors", (2).to_bytes(8, "little") + b"[]", "no safetensors file"),
    ],
)
def test_what_is_no_model_says_why(name, contents, because, tmp_path, capsys):
    (tmp_path / name).write_bytes(contents)
    code, text = refused(capsys, tmp_path / name)
    assert (code, because in text) == ("model-unreadable", True)


def test_a_file_that_is_cut_off_is_told_so(exported, tmp_path, capsys):
    (tmp_path / "cut.pt2").write_bytes(exported.read_bytes()[:5000])
    assert "it may be cut off" in refused(capsys, tmp_path / "cut.pt2")[1]


def test_an_archive_that_unpacks_to_much_is_not_unpacked(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\0" * 10_000_000)
    assert "it would unpack to" in refused(capsys, tmp_path / "bomb.pt")[1]


def test_what_holds_neither_model_nor_weights_is_told_so(tmp_path, capsys):
    for name, value in (
        ("list.pt", [1, 2]),
        ("one.pt", torch.rand(2)),
        ("none.pt", {}),
        ("text.pt", {"a": "b"}),
    ):
        torch.save(value, tmp_path / name)
        assert refused(capsys, tmp_path / name)[0] == "model-unreadable"


def test_files_that_are_not_there_are_met_with_near_ones(tmp_path, capsys):
    (tmp_path / "model.pt").write_bytes(b"x")
    assert refused(capsys, tmp_path / "modl.pt")[1].rstrip().endswith(f"--model {tmp_path / 'model.pt'}")
    (tmp_path / "folder.pt").mkdir()
    assert "it is a folder" in refused(capsys, tmp_path / "folder.pt")[1]


SCRIPT = """\
import torch
from torch import nn
raise SystemExit("never run")
class Base(nn.Module): ...
class Net(Base):
    def __init__(self, width=3): ...
class Sized(nn.Module):
    def __init__(self, width): ...
class Other: ...
def helper(x): ...
def load(): ...
def build_model(size=3, *, deep=False): ...
def _private(): ...
net = Net().eval()
table = dict()
if __name__ == "__main__":
    model = Net()
"""


def test_what_a_script_could_run_is_read_from_its_source(tmp_path, capsys):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    found = candidates_in(path)
    assert found.all == ("build_model", "load", "Base", "Net", "net")
    assert found.need_arguments == ("Sized", "helper")
    code, text = refused(capsys, path)
    assert (code, text.rstrip().endswith("--model " + f"{path}:build_model")) == ("target-unnamed", True)
    path.write_text("def broken(")
    assert "cannot be read as Python" in refused(capsys, path)[1]
    assert refused(capsys, tmp_path / "trian.py")[1].rstrip().endswith(str(path))


def test_a_package_lists_what_its_modules_have(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "segkit").mkdir()
    (tmp_path / "segkit" / "__init__.py").write_text("")
    (tmp_path / "segkit" / "nets.py").write_text("def build(): ...\n")
    for name in ("segkit", "segkit.nets"):
        assert main(["trace", "--model", name]) == 2
        assert capsys.readouterr().err.rstrip().endswith("--model segkit.nets:build")
    assert main(["trace", "--model", "./segkit"]) == 2
    assert "a folder without config.json" in capsys.readouterr().err


def test_a_model_itself_is_run_as_what_a_function_returns(tmp_path):
    path = tmp_path / "objects.py"
    path.write_text(
        "import torch\nfrom torch import nn\nmodel = nn.Linear(4, 2), (torch.ones(3, 4),)\n"
        "class Net(nn.Module):\n    def forward(self, x=None):\n        return torch.ones(2, 3)\n"
        "net = Net()\n"
    )
    trace = run(f"{path}:model", device="meta")
    assert trace.content(trace.calls[0].outputs[0]) == "f32[3, 2]"
    assert run(f"{path}:net", device="meta").calls[0].class_name == "Net"
    assert run(f"{path}:Net", device="meta").calls[0].class_name == "Net"
