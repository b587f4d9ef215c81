from fuzzlib import *

def fn0():
    for i0 in range(33):
        x1 = Cycle(1)

def drive0():
    for k in range(59):
        midway()
        fn0()
drive0()
