"""Junk as clients may send it, and the calls of every public method of an addon with it.

``JunkCase`` is for a test class with ``env``: set ``addon`` (its name), ``sensible`` (argument name
-> a value that leads past the first checks) and give ``_get_receivers``.
"""

import inspect
import math
import xmlrpc.client
from datetime import date, datetime
from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

JUNK = [
    None,
    False,
    True,
    0,
    -1,
    1.5,
    math.nan,
    math.inf,
    2**31,
    10**30,
    10**5000,
    "",
    "   ",
    "x\x00y",
    "\ud800",
    "a" * 100_000,
    "2026-02-30",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    b"\xff\x00",
    [],
    [1],
    ["a", None],
    [[]],
    {},
    {"a": 1},
    {None: 1},
    (1, 2),
    date(1, 1, 1),
    datetime(9999, 12, 31, 23, 59, 59),
    xmlrpc.client.Binary(b"\x00\xff"),
]


class JunkCase:
    """Every public method of an addon answers junk with a sentence of refusal, or an answer."""

    addon = None
    sensible = {}

    def _get_receivers(self, model_name):
        """Records as a client may name them: one, several, none and one that is gone."""
        model = self.env[model_name]
        records = model.search([], limit=2) if model._auto else model
        return [records[:1], records, model, *([model.browse(2**31 - 1)] if model._auto else [])]

    def _find_public_methods(self):
        """(model, name, parameters) of the methods that the addon brings and clients may call."""
        for model_name, model_class in self.env.registry.models.items():
            for name in dir(model_class):
                method = inspect.getattr_static(model_class, name)
                if name.startswith("_") or not inspect.isfunction(method):
                    continue
                first = next(c for c in reversed(model_class.__mro__) if name in vars(c))
                is_ours = first.__module__.startswith(f"odoo.addons.{self.addon}.")
                if is_ours and not getattr(method, "_api_private", False):
                    yield model_name, name, list(inspect.signature(method).parameters)[1:]

    def _prepare_calls(self, parameters):
        """Lists of arguments: junk everywhere, and junk in one place among sensible ones."""
        if not parameters:
            return [[]]
        calls = [[junk] * len(parameters) for junk in JUNK]
        for junk, place in product(JUNK, range(len(parameters))):
            call = [self.sensible.get(parameter) for parameter in parameters]
            call[place] = junk
            calls.append(call)
        return calls

    def _call(self, records, name, arguments):
        """What went wrong in the call: False after an answer or a sentence of refusal."""
        try:
            with self.env.cr.savepoint():
                getattr(records, name)(*arguments)
                self.env.flush_all()
        except (UserError, AccessError) as error:
            return not str(error).strip() and f"{arguments!r:.60}: an empty sentence"
        except Exception as error:
            shown = ", ".join(f"{type(argument).__name__}" for argument in arguments)
            return f"{name}({shown}): {error!r:.200}"
        finally:
            self.env.invalidate_all()
        return False

    def _call_everything(self, user):
        """The problems of all public methods, as this user; each kind once."""
        problems = {}
        with mute_logger("odoo.sql_db"):
            for model_name, name, parameters in self._find_public_methods():
                calls = self._prepare_calls(parameters)
                for records in self._get_receivers(model_name):
                    for call in calls:
                        if problem := self._call(records.with_user(user), name, call):
                            kind = (model_name, name, problem.rpartition(": ")[2])
                            problems.setdefault(kind, f"{records}: {problem}")
        return sorted(problems.values())
