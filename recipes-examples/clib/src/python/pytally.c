#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <tally.h>

static PyObject *count(PyObject *self, PyObject *argument)
{
    const char *text = PyUnicode_AsUTF8(argument);
    PyObject *result;
    tally *words;

    (void)self;
    if (!text)
        return NULL;
    words = tally_new(tally_stopwords());
    if (!words || tally_add(words, text) < 0) {
        tally_free(words);
        return PyErr_NoMemory();
    }
    result = PyDict_New();
    for (size_t i = 0; result && i < tally_size(words); i++) {
        PyObject *number = PyLong_FromSize_t(tally_count(words, i));
        if (!number || PyDict_SetItemString(result, tally_word(words, i), number) < 0)
            Py_CLEAR(result);
        Py_XDECREF(number);
    }
    tally_free(words);
    return result;
}

static PyObject *version(PyObject *self, PyObject *nothing)
{
    (void)self;
    (void)nothing;
    return PyUnicode_FromString(tally_version());
}

static PyMethodDef methods[] = {
    {"count", count, METH_O, "count(text) -> dict: how often each word occurs, stop words left out"},
    {"version", version, METH_NOARGS, "version() -> str: the version of libtally"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "pytally", "Counts words", -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_pytally(void)
{
    return PyModule_Create(&module);
}
