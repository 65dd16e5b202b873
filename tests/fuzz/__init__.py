"""A fuzzer: everything that comes from outside, damaged in thousands of ways.

Each case has one of two good ends: the right result, or one clear sentence.
``python -m tests.fuzz`` tries them (``make fuzz``), ``test_fuzz.py`` a few hundred of them in every
run of the tests.
"""
