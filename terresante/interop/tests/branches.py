"""Where readers refuse, and how often each of these places was reached."""

import ast
import sys
from collections import Counter
from pathlib import Path


def reasons(readers, gives):
    """(module, line): where one of `gives` is returned or raised, with a word of what it says."""
    found = {}
    for module in readers:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, (ast.Return, ast.Raise)):
                calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
                named = [each for each in calls if isinstance(each.func, ast.Name) and each.func.id in gives]
                if named:
                    found[_name(module), node.lineno] = ast.unparse(named[0])[:90]
    return found


def traced(readers, read, raws):
    """How often each line of the readers was executed while `read` read each of `raws`."""
    files = {module.__file__: _name(module) for module in readers}
    lines: Counter[tuple[str, int]] = Counter()

    def local(frame, event, _):
        if event == "line":
            lines[files[frame.f_code.co_filename], frame.f_lineno] += 1
        return local

    def enter(frame, _event, _arg):
        return local if frame.f_code.co_filename in files else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        for raw in raws:
            read(raw)
    finally:
        sys.settrace(before)
    return lines


def told(lines, places, record_property, of):
    """Says how often each place was reached, and returns what those say that were not."""
    for place, said in sorted(places.items()):
        print(f"{lines[place]:6} {place[0]}:{place[1]} {said}")  # noqa: T201 -- shown with -rP, or on failure
    reached = sum(lines[place] > 0 for place in places)
    times = sum(lines[place] for place in places)
    record_property("damaged", f"{of} : {reached} motifs de refus sur {len(places)}, donnés {times} fois")
    return {said for place, said in places.items() if not lines[place]}


def _name(module):
    return module.__name__.rpartition(".")[2]
