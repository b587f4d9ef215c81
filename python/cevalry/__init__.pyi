from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any, TypedDict, TypeVar, final, overload

__all__ = [
    "CompiledCode",
    "compile",
    "disable",
    "disassemble",
    "enable",
    "explain",
    "is_enabled",
    "jit",
    "set_code_limit",
    "stats",
]

_F = TypeVar("_F", bound=Callable[..., Any])

class _Stats(TypedDict):
    functions: int
    blocks: int
    bytecodes: int
    code_bytes: int
    metadata_bytes: int
    compile_seconds: float
    exits: dict[str, int]
    missing: dict[str, str]

@final
class CompiledCode:
    def __call__(
        self, globals: dict[str, Any] | None = None, locals: Mapping[str, Any] | None = None
    ) -> Any: ...
    @property
    def __code__(self) -> CodeType: ...

@overload
def compile(object: CodeType) -> CompiledCode: ...
@overload
def compile(object: _F) -> _F: ...
def disable() -> None: ...
def disassemble(
    function: FunctionType | MethodType | CodeType | CompiledCode, *, hot: bool = False
) -> str: ...
def enable(threshold: int | None = None) -> None: ...
def explain(function: FunctionType | MethodType | CodeType | CompiledCode) -> str: ...
def is_enabled() -> bool: ...
def jit(function: _F) -> _F: ...
def set_code_limit(limit: int) -> None: ...
def stats() -> _Stats: ...
