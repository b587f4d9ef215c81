"""Raising and catching: types, chaining, finally, re-raising, and the lines that tracebacks name."""
import sys
import traceback

from support import mixed, show, warm


def catch(error):
    try:
        raise error
    except ValueError:
        return "ValueError"
    except (KeyError, IndexError) as caught:
        return "lookup", caught.args
    except Exception as caught:
        return "other", type(caught).__name__
    finally:
        sys.exc_info()


def in_order(error):
    steps = []
    try:
        steps.append("try")
        if error:
            raise error
    except ArithmeticError:
        steps.append("except")
    else:
        steps.append("else")
    finally:
        steps.append("finally")
    steps.append("after")
    return steps


def nested(error):
    steps = []
    try:
        try:
            try:
                raise error
            except KeyError:
                steps.append("inner")
                raise
            finally:
                steps.append("inner finally")
        except LookupError as caught:
            steps.append("outer " + type(caught).__name__)
            raise RuntimeError("replaced") from caught
    except RuntimeError as caught:
        steps.append(repr(caught.__cause__))
    return steps


def chained():
    try:
        {}["missing"]
    except KeyError:
        return 1 / 0


def suppressed():
    try:
        [][3]
    except IndexError:
        raise ValueError("shown alone") from None


def return_in_finally(error):
    for _ in range(2):
        try:
            if error:
                raise error
            return "from try"
        finally:
            if error is None:
                return "from finally"
            break
    return "after loop"


def continue_in_except(values):
    found = []
    for value in values:
        try:
            found.append(10 // value)
        except ZeroDivisionError:
            found.append("zero")
            continue
        except TypeError:
            break
        finally:
            found.append("f")
    return found


def unbound_after_except():
    try:
        raise ValueError("gone")
    except ValueError as error:
        kept = str(error)
    try:
        return error
    except UnboundLocalError as problem:
        return kept, str(problem)


def bad_match():
    try:
        raise ValueError
    except 5:
        pass


def bad_match_tuple():
    try:
        raise ValueError
    except (KeyError, "text"):
        pass


def raise_it(value):
    raise value


def raise_from(value, cause):
    raise value from cause


def bare_raise():
    raise


class Custom(Exception):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.extra = len(arguments)


class Refuses(Exception):
    def __init__(self):
        raise OSError("cannot be made")


mixed(catch, (ValueError("v"),), (KeyError("k"),), (IndexError(),), (Custom(1, 2),), (KeyboardInterrupt(),), (5,))
mixed(in_order, (None,), (ZeroDivisionError(),), (ValueError("passes"),))
mixed(nested, (KeyError(1),), (IndexError(2),), (ValueError(3),))
warm(chained)
warm(suppressed)
mixed(return_in_finally, (None,), (ValueError("swallowed"),))
mixed(continue_in_except, ([1, 2],), ([1, 0, 2],), ([0, None, 1],), ([],), (5,))
warm(unbound_after_except)
warm(bad_match)
warm(bad_match_tuple)
mixed(raise_it, (ValueError,), (ValueError("instance"),), (Custom,), (Refuses,), (5,), (None,), ("text",), (int,), (object(),))
mixed(raise_from, (ValueError, KeyError), (ValueError(), None), (ValueError(), 5), (ValueError(), OSError("cause")))
warm(bare_raise)


def reraise_outside():
    try:
        raise KeyError("first")
    except KeyError:
        bare_raise()


warm(reraise_outside)


def context_restored():
    seen = []
    try:
        raise ValueError(1)
    except ValueError:
        seen.append(sys.exc_info()[0].__name__)
        try:
            raise KeyError(2)
        except KeyError:
            seen.append(sys.exc_info()[0].__name__)
        seen.append(sys.exc_info()[0].__name__)
    seen.append(sys.exc_info()[0])
    return seen


warm(context_restored)


def deep(n):
    if n == 0:
        return [][1]
    return deep(n - 1) + 1


warm(deep, 3)


def through_builtin(values):
    return sorted(values, key=lambda value: 1 / value)


mixed(through_builtin, ([1, 2],), ([1, 0],))


def lines(flag):
    try:
        a = (
            flag[0]
            + flag[1]
        )
        b = [
            x
            for x in
            flag[2]
        ]
        return a, b
    except Exception as error:
        return [
            (entry.lineno, entry.end_lineno, entry.colno, entry.end_colno, entry.name)
            for entry in traceback.extract_tb(error.__traceback__)
        ]


mixed(lines, ((1, 2, [3]),), ((1, "a", 2),), ((1, 2, 5),), ((1,),), ((1, 2),))


def many_places(kind):
    class Box:
        pass

    box = Box()
    table = {}
    numbers = [1, 2]
    if kind == 0:
        return box.missing
    if kind == 1:
        return table["missing"]
    if kind == 2:
        return numbers[7]
    if kind == 3:
        return missing_name  # noqa: F821
    if kind == 4:
        return numbers + table
    if kind == 5:
        return -table
    if kind == 6:
        return box()
    if kind == 7:
        return len(5)
    if kind == 8:
        a, b, c = numbers
    if kind == 9:
        for _ in box:
            pass
    if kind == 10:
        return box < 5
    if kind == 11:
        del box.missing
    if kind == 12:
        del table["missing"]
    if kind == 13:
        import missing_module_for_sure  # noqa: F401
    if kind == 14:
        from sys import missing_name_for_sure  # noqa: F401
    if kind == 15:
        with box:
            pass
    if kind == 16:
        return 5 in 5
    if kind == 17:
        assert not box, ("told", kind)
    if kind == 18:
        return f"{box:>{table}}"
    if kind == 19:
        box[1] = 2
    if kind == 20:
        box.__slots__.x = 3
    if kind == 21:
        return many_places(1, 2, 3)
    if kind == 22:
        return many_places(other=1)
    if kind == 23:
        return many_places(*5)
    if kind == 24:
        return many_places(**5)
    if kind == 25:
        return {**5}
    if kind == 26:
        return [*5]
    if kind == 27:
        return numbers.append(1, 2)
    if kind == 28:
        return int("x")
    if kind == 29:
        return "a" + 1
    if kind == 30:
        return 1.5 + "a"
    if kind == 31:
        return 1 << -1
    return kind


for kind in range(33):
    warm(many_places, kind, times=12)
show(lambda: print_exception())


def print_exception():
    try:
        many_places(4)
    except TypeError:
        traceback.print_exc()
    sys.stderr.flush()
