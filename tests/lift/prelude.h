typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long size_t;
typedef long Py_ssize_t;
typedef struct _typeobject PyTypeObject;
typedef struct _object {
    Py_ssize_t ob_refcnt;
    PyTypeObject *ob_type;
} PyObject;
typedef struct {
    PyObject ob_base;
    Py_ssize_t ob_size;
} PyVarObject;
typedef PyObject *(*unaryfunc)(PyObject *);
typedef void (*destructor)(PyObject *);
struct _typeobject {
    PyVarObject ob_base;
    const char *tp_name;
    unaryfunc tp_iternext;
    uint32_t tp_version_tag;
};
typedef struct {
    PyObject ob_base;
    double ob_fval;
} PyFloatObject;
typedef struct {
    PyVarObject ob_base;
    PyObject *ob_item[1];
} PyTupleObject;
typedef struct {
    PyVarObject ob_base;
    PyObject **ob_item;
    Py_ssize_t allocated;
} PyListObject;
typedef union {
    uint16_t cache;
    struct {
        uint8_t code;
        uint8_t arg;
    } op;
} _Py_CODEUNIT;
typedef struct _PyInterpreterFrame {
    PyObject *f_executable;
    struct _PyInterpreterFrame *previous;
    _Py_CODEUNIT *instr_ptr;
    int stacktop;
    uint16_t return_offset;
    PyObject *localsplus[1];
} _PyInterpreterFrame;
typedef struct _ts {
    _PyInterpreterFrame *current_frame;
    int py_recursion_remaining;
    PyObject *current_exception;
} PyThreadState;
extern PyTypeObject PyFloat_Type;
extern PyTypeObject PyList_Type;
extern PyTypeObject PyMethod_Type;
extern PyObject _Py_NoneStruct;
extern PyObject _Py_TrueStruct;
extern PyObject _Py_FalseStruct;
extern PyObject *PyExc_TypeError;
void Py_INCREF(PyObject *);
void Py_DECREF(PyObject *);
void Py_XDECREF(PyObject *);
PyObject *_Py_NewRef(PyObject *);
PyObject *PyObject_GetItem(PyObject *, PyObject *);
PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *);
PyObject *PyFloat_FromDouble(double);
int PyObject_IsTrue(PyObject *);
int PyMapping_GetOptionalItem(PyObject *, PyObject *, PyObject **);
void PyErr_SetString(PyObject *, const char *);
PyObject *PyErr_Format(PyObject *, const char *, ...);
_PyInterpreterFrame *push(PyThreadState *, PyObject *, PyObject **, size_t);
void _PyEval_FrameClearAndPop(PyThreadState *, _PyInterpreterFrame *);
uint32_t read_u32(uint16_t *);
uint16_t read_u16(uint16_t *);
