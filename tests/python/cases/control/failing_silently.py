"""C functions that say they have failed and set no exception: the interpreter sets one."""
import ctypes

from support import warm


class Slot(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_int), ("function", ctypes.c_void_p)]


class Spec(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("size", ctypes.c_int),
        ("item_size", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(Slot)),
    ]


MP_SUBSCRIPT, NB_ADD, NB_NEGATIVE = 5, 7, 18
unary = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda one: None)
binary = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(lambda one, other: None)
slots = (Slot * 4)(
    Slot(NB_ADD, ctypes.cast(binary, ctypes.c_void_p)),
    Slot(MP_SUBSCRIPT, ctypes.cast(binary, ctypes.c_void_p)),
    Slot(NB_NEGATIVE, ctypes.cast(unary, ctypes.c_void_p)),
    Slot(0, None),
)
spec = Spec(b"silent.Silent", object.__basicsize__, 0, 0, slots)
make = ctypes.pythonapi.PyType_FromSpec
make.restype = ctypes.py_object
Silent = make(ctypes.byref(spec))


def adds(thing, other):
    return thing + other


def catches(thing, n):
    found = []
    for index in range(n):
        try:
            found.append(thing[index])
        except SystemError as error:
            found.append(str(error))
    return found


def negates(thing):
    try:
        return -thing
    finally:
        thing = None


warm(adds, Silent(), 5)
warm(catches, Silent(), 3)
warm(negates, Silent())
warm(adds, 2, 3)
warm(adds, Silent(), 2.5)
