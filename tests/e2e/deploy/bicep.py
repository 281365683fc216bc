"""Holds a Bicep file against what Azure's API takes: every property is known there, of its kind, and may be set.

No Bicep compiler can be had from a package registry: pycep reads the file, and the shapes are those that Azure's own client for
the same version of the API carries.  Resources of other providers are read, and not compared.
"""
import re
from pathlib import Path

from pycep import BicepParser

VERSION = "2024-03-01"
SHAPES = {
    "Microsoft.App/containerApps": "ContainerApp",
    "Microsoft.App/managedEnvironments": "ManagedEnvironment",
    "Microsoft.App/managedEnvironments/managedCertificates": "ManagedCertificate",
}
BICEPS_OWN = {"name", "parent", "scope", "dependsOn"}
LITERALS = {"Boolean": bool, "Number": (int, float), "Sequence": list, "Composite": dict}


class Wrong(Exception):
    pass


def tree_of(shape, shapes):
    """The properties by their place in JSON: the client flattens `properties.x`."""
    tree = {}
    for field in shape["type"].get("modelProperties", {}).values():
        # A dot of a name itself is written \\.
        path = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", field["serializedName"])]
        at = tree
        for part in path[:-1]:
            at = at.setdefault(part, {"type": {"name": "Group"}, "inside": {}})["inside"]
        at[path[-1]] = field
    return tree


def check_value(value, field, shapes, where):
    kind = field["type"]["name"]
    if isinstance(value, dict) and set(value) == {"operator"}:
        operands = value["operator"]["operands"]
        for branch in ("true_value", "false_value"):
            if operands.get(branch) is not None:
                check_value(operands[branch], field, shapes, where)
        return
    if field.get("readOnly"):
        raise Wrong(f"{where} may not be set")
    if kind == "Group":
        check_object(value, field["inside"], shapes, where)
    elif kind == "Composite" and isinstance(value, dict) and "function" not in value:
        check_object(value, tree_of(shapes[field["type"]["className"]], shapes), shapes, where)
    elif kind == "Sequence" and isinstance(value, list):
        for i, item in enumerate(value):
            check_value(item, field["type"]["element"], shapes, f"{where}[{i}]")
    elif kind == "Dictionary" or isinstance(value, (str, dict)):
        pass  # a name may stand for anything
    elif kind in LITERALS and not isinstance(value, LITERALS[kind]):
        raise Wrong(f"{where} is {value!r}, where a {kind} is wanted")
    elif kind == "String":
        raise Wrong(f"{where} is {value!r}, where a String is wanted")


def check_object(value, tree, shapes, where):
    for name, inner in value.items():
        if name not in tree:
            raise Wrong(f"{where}.{name} is unknown; known are {', '.join(sorted(tree))}")
        check_value(inner, tree[name], shapes, f"{where}.{name}")
    for name, field in tree.items():
        if field.get("required") and not field.get("readOnly") and name not in value:
            raise Wrong(f"{where}.{name} is missing")


def names_in(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from names_in(key)
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)
    elif isinstance(value, str):
        yield value


def check(path, shapes):
    """How many resources were compared."""
    parsed = BicepParser().parse(file_path=Path(path))
    compared = 0
    for name, resource in parsed["resources"].items():
        if resource["existing"] or resource["type"] not in SHAPES:
            continue
        if resource["api_version"] != VERSION:
            raise Wrong(f"{name} is of {resource['api_version']}, the shapes are of {VERSION}")
        config = resource["config"].get("config", resource["config"])
        own = {key: value for key, value in config.items() if key not in BICEPS_OWN}
        check_object(own, tree_of(shapes[SHAPES[resource["type"]]], shapes), shapes, name)
        compared += 1
    words = set(re.findall(r"\w+", " ".join(names_in(parsed["resources"])) + " " + " ".join(names_in(parsed.get("outputs", {})))
                           + " ".join(names_in(parsed.get("variables", {})))))
    for kind in ("parameters", "variables"):
        for name in parsed[kind]:
            if name not in words:
                raise Wrong(f"{name} of {kind} is used nowhere")
    return compared
