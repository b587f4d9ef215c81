"""The folder that is imported from holds the package's bytecode: nobody has to compile it at import."""

import importlib.util
import pathlib

import cevalry

sources = sorted(pathlib.Path(cevalry.__file__).parent.glob("*.py"))
assert sources
for source in sources:
    bytecode = pathlib.Path(importlib.util.cache_from_source(str(source)))
    assert bytecode.exists(), bytecode
    with bytecode.open("rb") as file:
        magic, flags = file.read(4), int.from_bytes(file.read(4), "little")
        assert magic == importlib.util.MAGIC_NUMBER, bytecode
        # It goes by its source's hash, and stays valid where files are copied.
        assert flags == 0b11, (bytecode, flags)
        assert file.read(8) == importlib.util.source_hash(source.read_bytes()), bytecode
