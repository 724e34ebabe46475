from setuptools import Extension, setup

setup(
    name="pytally",
    version="1.2.0",
    description="Counts words",
    ext_modules=[Extension("pytally", ["pytally.c"], libraries=["tally"])],
)
