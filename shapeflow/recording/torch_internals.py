"""Every private name of torch that shapeflow uses: what it is, since which version, why no public name does.

The rest of the package imports from here and names nothing private of torch's; a test looks. Each name is
given once, as text, so that a torch that lacks some is refused with one message that lists them, and not with
an ``AttributeError`` from somewhere inside.

"Since" is the first version with that name among the wheels that were looked at: 1.13.1, 2.0.1, 2.1.2,
2.2.2, 2.3.1, 2.4.1, 2.5.1, 2.6.0, 2.7.1, 2.8.0, 2.9.1, 2.10.0, 2.11.0, 2.14.1 and 2.15.0; where it says 1.13,
it may be older. What is not marked optional must be there from ``OLDEST`` on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from operator import attrgetter
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from shapeflow.common.text import counted, listing
from shapeflow.errors import InputError
from shapeflow.recording.replaced import Replaced

OLDEST = "2.6"
"""The oldest torch that is supported, as pyproject.toml says too."""
TESTED = "2.14"
"""The newest one that the tests have seen, the one in constraints.txt."""

NAMES: list[str] = []
"""The names that are resolved when this file is imported."""
_LACKING: list[str] = []
_Context = AbstractContextManager[None]


def _exists(name: str) -> bool:
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def _named(name: str, *, optional: bool = False) -> Any:
    """Return what a dotted name stands for; None if the installed torch lacks it."""
    NAMES.append(name)
    if not optional and not _exists(name):
        _LACKING.append(name)
    return resolve_name(name) if _exists(name) else None


def _replaced(name: str) -> Replaced:
    """Return what puts another function in the place of a private one."""
    _named(name)
    return Replaced(name)


def _attribute(sample: object, name: str) -> Callable[[Any], Any]:
    """Return what reads an attribute of any object such as ``sample``."""
    NAMES.append(f"{type(sample).__name__}.{name}")
    if not hasattr(sample, name):
        _LACKING.append(NAMES[-1])
    return attrgetter(name)


# Calls that modes and subclasses do not see ---------------------------------------------------------------

# A context in which no function mode and no `__torch_function__` is asked. Since 1.13. The one that torch's
# documentation names, DisableTorchFunctionSubclass, leaves the modes on.
no_torch_function: Callable[[], _Context] = _named("torch._C.DisableTorchFunction")

# A context in which no dispatch mode and no `__torch_dispatch__` is asked. Since 1.13; nothing is public.
no_torch_dispatch: Callable[[], _Context] = _named("torch._C._DisableTorchDispatch")

# A context without dispatch modes, in which tensor subclasses are asked. Since 2.0; nothing public does it.
no_dispatch_modes: Callable[[], _Context] = _named("torch.utils._python_dispatch._disable_current_modes")

# A context in which some dispatch keys are left out, to run an operator as if no mode were below. Since 2.1;
# nothing public does that.
without_dispatch_keys: Callable[[Any], _Context] = _named("torch._C._ExcludeDispatchKeyGuard")

# The dispatcher's keys, and sets of them. Since 1.13; torch.library takes them as text and gives none.
DispatchKey: Any = _named("torch._C.DispatchKey")
DispatchKeySet: Any = _named("torch._C.DispatchKeySet")

# Modes ----------------------------------------------------------------------------------------------------

if TYPE_CHECKING:  # it must see what our modes inherit
    from torch.utils._python_dispatch import TorchDispatchMode

    TorchFunctionMode = torch.overrides.TorchFunctionMode
else:
    # The base class of modes that see each operator. Since 1.13; documented, under this private module.
    TorchDispatchMode = _named("torch.utils._python_dispatch.TorchDispatchMode")

    # The base class of modes that see each torch function. Since 1.13; documented, and left out of the
    # `__all__` of its module.
    TorchFunctionMode = _named("torch.overrides.TorchFunctionMode")

# What torch notes of dispatch modes for the whole process. Since 1.13; nothing public tells or changes it.
dispatch_notes: Any = _named("torch.utils._python_dispatch")

# The class of functions that call operators, such as `cond`, which come to a dispatch mode without schema or
# tags. Since 2.1; nothing public tells them apart.
HigherOrderOperator: Any = _named("torch._ops.HigherOrderOperator")

# How many dispatch modes are active. Since 1.13; nothing public tells.
dispatch_mode_count: Callable[[], int] = _named("torch._C._len_torch_dispatch_stack")
# The dispatch modes themselves. Since 1.13; a mode's own `__exit__` takes off whichever is the innermost.
dispatch_mode_at: Callable[[int], Any] = _named("torch._C._get_dispatch_stack_at")
pop_dispatch_mode: Callable[[], Any] = _named("torch.utils._python_dispatch._pop_mode")
push_dispatch_mode: Callable[[Any], None] = _named("torch.utils._python_dispatch._push_mode")

# The function modes that are active, to see whether they are all ours. Since 1.13; nothing public tells.
function_modes: Callable[[], list[Any]] = _named("torch.overrides._get_current_function_mode_stack")

# Take the innermost function mode off, and put one on. Since 1.13; a mode's own methods may do more.
pop_function_mode: Callable[[], Any] = _named("torch.overrides._pop_mode")
push_function_mode: Callable[[Any], None] = _named("torch.overrides._push_mode")

# What a tensor class has as `__torch_function__` and `__torch_dispatch__` that is not an override; it
# tells such classes from others. Since 1.13; in the documentation's own examples, under no public name.
no_own_torch_function: Any = _named("torch._C._disabled_torch_function_impl")
no_own_torch_dispatch: Any = _named("torch._C._disabled_torch_dispatch_impl")

# Operators and functions without a public name ------------------------------------------------------------

# The schema of an operator: its arguments, which of them it writes to, what its results share memory with.
# Since 1.13; nothing public gives it.
schema_of: Callable[[Any], Any] = _attribute(torch.ops.aten.add.Tensor, "_schema")

# Which kernel `scaled_dot_product_attention` takes. Since 2.0; torch.backends.cuda tells of CUDA alone.
fused_attention_choice: Callable[..., int] = _named("torch._fused_sdp_choice")

# The fused kernel of attention on the CPU, whose result has a layout of its own, and that of its gradients.
# Since 2.3; what is public chooses a kernel by the device, which may be `meta` in a shapes-only run.
flash_attention_on_cpu: Any = _named("torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default")
flash_gradients_on_cpu: Any = _named("torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward")

# What `nn.MultiheadAttention` and `nn.TransformerEncoderLayer` call on their fast paths, and their helper for
# padding. Since 1.13; a function mode sees them under no other name.
native_attention: Callable[..., Any] = _named("torch._native_multi_head_attention")
encoder_layer_forward: Callable[..., Any] = _named("torch._transformer_encoder_layer_fwd")
nested_from_mask: Callable[..., Any] = _named("torch._nested_tensor_from_mask")

# What `torch.nested` makes a jagged tensor with, of the numbers and of where each part begins. Since 2.3;
# likewise.
jagged_view: Callable[..., Any] = _named("torch._nested_view_from_jagged")

# What `pack_padded_sequence` and the older `weight_norm` call. Since 1.13; likewise.
pack_padded: Callable[..., Any] = _named("torch._pack_padded_sequence")
weight_norm: Callable[..., Any] = _named("torch._weight_norm")

# The product of groups of matrices, which models with experts call. Since 2.8, so it may be None; the public
# `torch.nn.functional.grouped_mm`, from 2.10 on, calls it.
grouped_product: Callable[..., Any] | None = _named("torch._grouped_mm", optional=True)

# Autograd -------------------------------------------------------------------------------------------------

# What every backward pass goes through. Since 2.2; a model may have imported the public functions by name.
engine_replaced = _replaced("torch.autograd._engine_run_backward")

# Whether `torch.func.grad` and its like are at work, in passes of their own. Since 2.3; nothing public tells.
in_function_transform: Callable[[], bool] = _named("torch._C._are_functorch_transforms_active")
# What autograd calls with each tensor that it saves. Optional, since 2.6 may lack it; nothing public tells.
saved_tensors_hooks: Any = _named("torch._C._autograd._top_saved_tensors_default_hooks", optional=True)

with torch.inference_mode(False), torch.enable_grad():  # whatever is on where this is imported
    _PARAMETER = torch.ones(1, requires_grad=True)
    _STEP = _PARAMETER.exp().grad_fn
# Dtype and shape of what a step of a pass gives gradients for. Since 2.1; an edge of a graph tells nothing.
edge_metadata: Callable[[Any], Any] = _attribute(_STEP, "_input_metadata")

# How often tensors were written to, and what puts it back. Since 1.13 and 2.6; nothing public does either.
version_of: Callable[[Tensor], int] = _attribute(_PARAMETER, "_version")
set_version: Any = _named("torch._C._autograd._unsafe_set_version_counter", optional=True)

# Shapes and layouts ---------------------------------------------------------------------------------------

# What torch's shape formulas ask for the device of a tensor, where devices differ. Since 2.0; nothing public
# gives the formulas of another device.
device_hint_replaced = _replaced("torch._meta_registrations.device_hint")

# The memory format that a kernel keeps, by a tensor's strides. Since 1.13; `is_contiguous(memory_format=...)`
# says yes to several formats where a size is 1.
memory_format_of: Callable[[Tensor], torch.memory_format] = _named(
    "torch._prims_common.suggest_memory_format"
)

# The sizes of a nested tensor's parts, `[parts, dims]`. Since 1.13; `size()` raises where they differ.
nested_sizes: Callable[[Tensor], Tensor] = _named("torch.Tensor._nested_tensor_size")

# What tells two storages apart while both live. Since 1.13; `data_ptr()` is 0 for all that have no data.
storage_identity: Callable[[torch.UntypedStorage], int] = _attribute(torch.UntypedStorage(0), "_cdata")

# A reference that keeps a storage's identity from being given to another one, and its memory not. Since 1.13;
# in a public module, though not documented. Python's weak references follow a wrapper that is made again.
StorageWeakRef: Any = _named("torch.multiprocessing.reductions.StorageWeakRef")

# What makes a tensor anew, for `copy.copy` and `pickle`, what takes one apart for that, and the memory of a
# tensor between the two. Since 1.13; nothing public is asked there.
rebuilding_replaced = _replaced("torch._utils._rebuild_tensor")
taken_apart: Any = _named("torch.Tensor._reduce_ex_internal")
_MEMORY: Any = torch.TypedStorage(wrap_storage=torch.UntypedStorage(0), dtype=torch.uint8, _internal=True)
untyped_of: Callable[[Any], torch.UntypedStorage] = _attribute(_MEMORY, "_untyped_storage")

# Modules --------------------------------------------------------------------------------------------------

# What is registered on a module itself, by name, None included, which `named_parameters` and its like leave
# out. Since 1.13.
parameters_of: Callable[[nn.Module], Mapping[str, Tensor | None]] = _attribute(nn.Module(), "_parameters")
buffers_of: Callable[[nn.Module], Mapping[str, Tensor | None]] = _attribute(nn.Module(), "_buffers")
children_of: Callable[[nn.Module], Mapping[str, nn.Module | None]] = _attribute(nn.Module(), "_modules")

# The hooks that may change what a module gets, its own and those for all. Since 1.13; nothing public tells.
pre_hooks_of: Callable[[nn.Module], Mapping[int, Any]] = _attribute(nn.Module(), "_forward_pre_hooks")
global_pre_hooks: Mapping[int, Any] = _named("torch.nn.modules.module._global_forward_pre_hooks")

# What `module.compile()` made of a module's call; None if nothing. Since 2.1; nothing public tells.
compiled_call_of: Callable[[nn.Module], Any] = _attribute(nn.Module(), "_compiled_call_impl")

# What `trunc_normal_` calls, which looks at what it drew. Since 1.13; a model may have imported the public
# function by its name, and then it cannot be replaced.
truncated_normal_replaced = _replaced("torch.nn.init._no_grad_trunc_normal_")

# Nested arguments and FLOPs -------------------------------------------------------------------------------

# Change the tensors in nested arguments, in all containers that torch knows. Since 1.13; nothing public does.
change_nested: Callable[..., Any] = _named("torch.utils._pytree.tree_map_only")

# torch's FLOP formulas, by operator, and for shapes. Since 2.1, the table since 2.2; the module is public and
# these are not in its `__all__`. `FlopCounterMode`, which is, loads torch's compiler.
flop_formulas: Mapping[Any, Callable[..., Any]] = _named("torch.utils.flop_counter.flop_registry")
product_flops: Callable[..., int] = _named("torch.utils.flop_counter.mm_flop")
convolution_flops: Callable[..., int] = _named("torch.utils.flop_counter.conv_flop_count")
attention_product_flops: Callable[..., int] = _named("torch.utils.flop_counter.sdpa_flop_count")
attention_gradient_flops: Callable[..., int] = _named("torch.utils.flop_counter.sdpa_backward_flop_count")

# The compiler ---------------------------------------------------------------------------------------------

# torch's compiler, which torch loads at its first mark of a function that must not be compiled. Since 2.0.
# `torch.compiler` is its public face, and every call of that loads it too.
COMPILER = "torch._dynamo"

COMPILER_NAMES = (
    # Mark functions and classes; what `torch.compiler`'s functions of these names call. Since 2.0.
    *(f"{COMPILER}.{mark}" for mark in ("disable", "allow_in_graph", "assume_constant_result")),
    # Its settings, a small module of their own. Since 2.0.
    f"{COMPILER}.config",
    # Loaded with it and not with its settings: by this one sees whether it is there. Since 2.0.
    f"{COMPILER}.eval_frame",
    # What a compiled module is. Since 2.0; torch.compile gives one and names no class.
    f"{COMPILER}.eval_frame.OptimizedModule",
    # What torchvision asks when it is imported. Since 2.1.
    f"{COMPILER}.utils.is_compile_supported",
)
"""What lazy_dynamo.py uses of it, once somebody else has loaded it."""


def missing(*, compiler: bool = False) -> list[str]:
    """Return the names of this file that the installed torch lacks.

    Args:
        compiler: look at those of torch's compiler too, which loads it and takes seconds.
    """
    return [*_LACKING, *(name for name in COMPILER_NAMES if compiler and not _exists(name))]


def check() -> None:
    """Check that the installed torch has the names of this file.

    Raises:
        InputError: it is older than ``OLDEST``, or lacks a name.
    """
    if _LACKING or torch.__version__ < OLDEST:
        what = f"lacks {counted(len(_LACKING), 'internal name')} that" if _LACKING else "is older than what"
        raise InputError(
            "torch-unsupported",
            f"torch {torch.__version__} {what} shapeflow needs to run a model",
            where="package torch",
            expected=f"torch {OLDEST} to {TESTED}",
            found=f"without {listing(_LACKING)}" if _LACKING else "",
            because="reading traces, checking walkthroughs and reporting work without torch",
            hint=f"pip install 'torch=={TESTED}.*'",
        )


check()


class UncompiledDispatchMode(TorchDispatchMode):
    """A dispatch mode that does not load torch's compiler."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Asked by torch from 2.11 on. If it is so, torch wraps the mode to keep its compiler out of it, and
        # the wrapper loads that compiler, which takes seconds.
        return False
