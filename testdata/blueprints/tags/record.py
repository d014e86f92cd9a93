"""Records what authentik's own tags make of expressions with references.

Run inside authentik (manage.py shell < record.py) with FOLDER in the environment;
it reads references.txt there, adds expressions made by chance, and writes
references.json. Objects are made up: a name says what its object's key is.

What aksync refuses on purpose is recorded as refused, and why: a tag that is not
evaluated where it stands, an object that is printed as a whole, a UUID as a key.
"""

import json
import os
import random
from hashlib import md5
from types import SimpleNamespace
from uuid import UUID as PlainUUID

from authentik.blueprints.v1 import common

FOLDER = os.environ["FOLDER"]


class Unevaluated(Exception):
    pass


class ObjectPrinted(Exception):
    pass


class UUID(PlainUUID):
    def __hash__(self):
        raise TypeError("a UUID is no key")


class Object(dict):
    def __repr__(self):
        raise ObjectPrinted

    __str__ = __repr__


def key_of(name):
    if name.startswith("number"):
        return len(name)
    if name.startswith("word"):
        return "key of " + name
    return UUID(bytes=md5(name.encode()).digest())


def instance(tag, entry, blueprint):
    if not isinstance(tag.model_name, str):
        raise ValueError("no name of a model")
    _, value = tag.conditions[0]
    if isinstance(value, common.YAMLTag):
        value = value.resolve(entry, blueprint)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, PlainUUID)):
        raise ValueError("finds nothing")
    if value == "":
        raise ValueError("finds nothing")
    return str(value)


def find(tag, entry, blueprint):
    return key_of(instance(tag, entry, blueprint))


def find_object(tag, entry, blueprint):
    name = instance(tag, entry, blueprint)
    return Object(
        pk=str(key_of(name)), name=name, attributes=UUID(bytes=md5(b"other").digest()), number=3, flag=False, empty="",
        none=None, list=["p", "q'", 2.5], nested=Object(k="v", l=[1, 2]), text="é\n" + name,
    )


def no_repr(tag):
    raise Unevaluated


common.Find.resolve = find
common.FindObject.resolve = find_object
common.YAMLTag.__repr__ = no_repr


def evaluate(context, expression):
    data = common.BlueprintLoader(context)
    blueprint = common.Blueprint(**data.get_single_data())
    target = common.BlueprintEntry("a.b", id="first")
    target._state.instance = SimpleNamespace(pk=key_of("first"))
    blueprint.entries = [target]
    value = common.BlueprintLoader(expression).get_single_data()
    return common.BlueprintEntry("a.b").tag_resolver(value, blueprint)


def plain(value):
    if isinstance(value, common.YAMLTag):
        raise Unevaluated
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, (str, int, float, bool, type(None))):
                raise TypeError("a key")
        return {json.loads(json.dumps({k: 0})).__iter__().__next__(): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, PlainUUID):
        return str(value)
    return value


def record(context, expression):
    try:
        return {"expression": expression, "value": plain(evaluate(context, expression))}
    except Unevaluated:
        return {"expression": expression, "refused": "unevaluated"}
    except ObjectPrinted:
        return {"expression": expression, "refused": "object printed"}
    except Exception:
        return {"expression": expression, "refused": "error"}


class Chance:
    """Makes expressions, in YAML's flow style."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)()

    def name(self):
        return self.random.choice(["a", "b", "number", "numbers", "word"])

    def find(self):
        model = "authentik_core.group" if self.random.random() < 0.2 else "authentik_flows.flow"
        return "!Find [%s, [name, %s]]" % (model, self.pick(self.name, self.name, lambda: self.value(1)))

    def object(self):
        return "!FindObject [authentik_core.group, [name, %s]]" % self.name()

    def field(self):
        field = self.random.choice("pk name attributes number flag empty none list nested text".split())
        return "!AtIndex [%s, %s]" % (self.object(), field)

    def literal(self):
        return self.random.choice(["x", '"it\'s"', "5", "0", "-1", "1.5", "true", "null", '""', "[]", "{}", "[a, 1]", "{k: v, n: 2}", '"%s"'])

    def context(self):
        return "!Context " + self.random.choice(["foo", "n", "zero", "seq", "map", "empty", "ref", "nested", "list_of_maps", "key", "object", "keys"])

    def format(self, depth):
        verbs = [self.random.choice(["%s", "%s", "%s", "%s", "%r", "%a", "%5s", "%d", "%.2s"]) for _ in range(self.random.randint(1, 3))]
        return "!Format [\"%s\", %s]" % ("-".join(verbs), ", ".join(self.value(depth) for _ in verbs))

    def list(self, depth):
        return "[" + ", ".join(self.value(depth) for _ in range(self.random.randint(0, 3))) + "]"

    def map(self, depth):
        keys = self.random.sample(["k", "l", "1", "m"], self.random.randint(0, 3))
        return "{" + ", ".join(k + ": " + self.value(depth) for k in keys) + "}"

    def condition(self, depth):
        mode = self.random.choice(["AND", "NAND", "OR", "NOR", "XOR", "XNOR"])
        return "!Condition [%s, %s]" % (mode, ", ".join(self.value(depth) for _ in range(self.random.randint(1, 3))))

    def choice(self, depth):
        return "!If [%s, %s, %s]" % (self.value(depth), self.value(depth), self.value(depth))

    def enumerate(self, depth):
        output = self.random.choice(["SEQ", "SEQ", "MAP"])
        body = self.pick(lambda: self.value(depth), lambda: self.item(), lambda: "[%s, %s]" % (self.item(), self.value(depth)),
                         lambda: "{k: %s}" % self.value(depth), lambda: "{k: [%s]}" % self.item(), lambda: "{k: {l: %s}}" % self.value(depth))
        return "!Enumerate [%s, %s, %s]" % (self.value(depth), output, body)

    def item(self):
        return self.random.choice(["!Value 0", "!Index 0", "!Value 0", "!Value 1", "!Format [\"%s:%s\", !Index 0, !Value 0]"])

    def at(self, depth):
        index = self.pick(lambda: self.random.choice(["0", "1", "-1", "k", "n"]), lambda: self.value(depth))
        default = self.random.choice(["", "", ", x", ", " + self.value(depth)])
        return "!AtIndex [%s, %s%s]" % (self.value(depth), index, default)

    def value(self, depth):
        if depth == 0:
            return self.pick(self.literal, self.find, self.field, self.context, self.item, lambda: "!KeyOf first", self.object)
        return self.pick(
            lambda: self.value(0), lambda: self.value(0), lambda: self.format(depth - 1), lambda: self.list(depth - 1), lambda: self.map(depth - 1),
            lambda: self.condition(depth - 1), lambda: self.choice(depth - 1), lambda: self.choice(depth - 1),
            lambda: self.enumerate(depth - 1), lambda: self.enumerate(depth - 1), lambda: self.at(depth - 1), lambda: self.at(depth - 1))


def by_chance(context, many):
    """Half of them are such that authentik takes."""
    taken, refused, seen = [], [], set()
    chance = Chance(1)
    while len(taken) < many or len(refused) < many:
        expression = chance.value(3)
        references = sum(expression.count(tag) for tag in ["!Find", "!KeyOf", "!Context o", "!Context k"])
        if len(expression) > 250 or expression in seen or references == 0 or expression.count("!") < 3:
            continue
        seen.add(expression)
        recorded = record(context, expression)
        into = taken if "value" in recorded else refused
        if len(into) < many:
            into.append(recorded)
    return taken + refused


def main():
    context = ""
    for name in ["context.yaml", "references.yaml"]:
        with open(os.path.join(FOLDER, name), encoding="utf8") as file:
            context = context.replace("entries: []\n", "") + file.read()
    with open(os.path.join(FOLDER, "references.txt"), encoding="utf8") as file:
        recorded = [record(context, line) for line in file.read().splitlines()]
    recorded += by_chance(context, 300)
    with open(os.path.join(FOLDER, "references.json"), "w", encoding="utf8") as file:
        file.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in recorded) + "\n]\n")
    print("RECORDED", len(recorded))


main()

