//! Cevalry: a just-in-time compiler for CPython, derived from its evaluation loop.
