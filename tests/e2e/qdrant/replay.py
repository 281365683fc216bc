#!/usr/bin/env python3
"""Every request that the index sent to the double, asked of Qdrant's own client in local mode: the answers must be the same.

    replay.py RECORD      RECORD: what fake.mjs --record wrote

Ids, payloads, groups and counts are compared as they are, scores but for rounding, and points of equal scores in any order.
"""
import json
import sys
import warnings

from qdrant_client import QdrantClient, models

warnings.filterwarnings("ignore")  # local mode says that payload indexes have no effect there
SLACK = 1e-4
COLLECTION = "/collections/{collection_name}"


def parsed(model, value):
    return None if value is None else model.model_validate(value)


def wide(body):
    text = (body.get("vectors") or {}).get("text")
    return text is not None and text["size"] > 400


def selected(body):
    return parsed(models.Filter, body["filter"]) if "filter" in body else body["points"]


def vector_of(query):
    if query is None or isinstance(query, (list, str, int)):
        return query
    if "indices" in query:
        return models.SparseVector(**query)
    return models.OrderByQuery(**query)


def prefetch_of(value):
    one = lambda p: models.Prefetch(
        query=vector_of(p.get("query")), using=p.get("using"), limit=p.get("limit"),
        filter=parsed(models.Filter, p.get("filter")))
    return None if value is None else [one(p) for p in value] if isinstance(value, list) else one(value)


def query_arguments(body):
    return dict(
        query=vector_of(body.get("query")), using=body.get("using"), limit=body.get("limit", 10),
        prefetch=prefetch_of(body.get("prefetch")), query_filter=parsed(models.Filter, body.get("filter")),
        with_payload=body.get("with_payload", False), with_vectors=body.get("with_vector", False))


class Replay:
    """Of one recording; what has wide vectors is passed over, which would tell nothing more and take long."""

    def __init__(self):
        self.wide = set()
        self.client = QdrantClient(":memory:")
        self.compared = 0
        self.wrong = []

    # --- comparing ---

    def check(self, what, condition, detail=""):
        self.compared += 1
        if not condition:
            self.wrong.append(f"{what}: {detail}"[:600])

    def same_hits(self, what, mine, theirs):
        """Best first; of equal scores any order, and at the end of a cut any of them."""
        self.check(what, len(mine) == len(theirs), f"{len(mine)} hits and {len(theirs)}")
        if len(mine) != len(theirs):
            return
        for a, b in zip(mine, theirs):
            near = abs(a["score"] - b.score) <= SLACK * max(1, abs(b.score))
            self.check(what, near, f"{a['id']} {a['score']} and {b.id} {b.score}")
        by_id = {str(h.id): h for h in theirs}
        last = theirs[-1].score if theirs else 0
        for a in mine:
            b = by_id.get(str(a["id"]))
            if b is None:
                self.check(what, abs(a["score"] - last) <= SLACK * max(1, abs(last)), f"{a['id']} is not there")
                continue
            self.check(what, abs(a["score"] - b.score) <= SLACK * max(1, abs(b.score)), f"{a['id']}: {a['score']}, {b.score}")
            self.check(what, (a.get("payload") or {}) == (b.payload or {}), f"{a['id']}: {a.get('payload')}, {b.payload}")

    # --- requests ---

    def put_collection(self, name, body, result):
        vectors = body.get("vectors") or {}
        if "size" in vectors:  # somebody else's, in our way
            self.client.create_collection(name, vectors_config=models.VectorParams(**vectors))
            return
        dense = {k: models.VectorParams(**v) for k, v in vectors.items()}
        sparse = {k: models.SparseVectorParams(**v) for k, v in (body.get("sparse_vectors") or {}).items()}
        self.client.create_collection(name, vectors_config=dense, sparse_vectors_config=sparse or None)

    def put_points(self, name, body, result):
        points = []
        for p in body["points"]:
            vector = {k: models.SparseVector(**v) if isinstance(v, dict) else v for k, v in p["vector"].items()}
            points.append(models.PointStruct(id=p["id"], vector=vector, payload=p["payload"]))
        self.client.upsert(name, points)

    def post_points(self, name, body, result):
        theirs = self.client.retrieve(name, body["ids"], with_payload=body.get("with_payload", True))
        self.check(name, {p["id"]: p.get("payload") for p in result} == {p.id: p.payload for p in theirs}, "retrieved points differ")

    def query(self, name, body, result):
        self.same_hits(f"query of {name}", result["points"], self.client.query_points(name, **query_arguments(body)).points)

    def batch(self, name, body, result):
        for search, mine in zip(body["searches"], result):
            self.query(name, search, mine)

    def query_groups(self, name, body, result):
        arguments = query_arguments(body)
        theirs = self.client.query_points_groups(
            name, group_by=body["group_by"], group_size=body.get("group_size", 3), **arguments).groups
        mine = {g["id"]: g["hits"] for g in result["groups"]}
        self.check(f"groups of {name}", len(mine) == len(theirs), f"{len(mine)} and {len(theirs)}")
        for group in theirs:
            if group.id in mine:
                self.same_hits(f"group {group.id} of {name}", mine[group.id], group.hits)
            else:
                self.check(f"groups of {name}", len(theirs) == body.get("limit"), f"{group.id} is not there")

    def scroll(self, name, body, result):
        theirs, _ = self.client.scroll(
            name, scroll_filter=parsed(models.Filter, body.get("filter")), limit=100000,
            order_by=parsed(models.OrderBy, body.get("order_by")), with_payload=body.get("with_payload", True))
        expected = {p.id: p.payload for p in theirs}
        if body.get("order_by"):
            first = [p.id for p in theirs][: body["limit"]]
            self.check(f"list of {name}", [p["id"] for p in result["points"]] == first, "another order")
        for p in result["points"]:
            self.check(f"scroll of {name}", expected.get(p["id"]) == p.get("payload"), p["id"])
        if not body.get("offset") and result["next_page_offset"] is None and not body.get("order_by"):
            self.check(f"scroll of {name}", len(result["points"]) == len(theirs), f"{len(result['points'])} and {len(theirs)}")

    def count(self, name, body, result):
        theirs = self.client.count(name, count_filter=parsed(models.Filter, body.get("filter")), exact=True).count
        self.check(f"count of {name}", result["count"] == theirs, f"{result['count']} and {theirs}")

    def delete(self, name, body, result):
        self.client.delete(name, selected(body))

    def set_payload(self, name, body, result):
        self.client.set_payload(name, body["payload"], points=selected(body))

    def run(self, path):
        routes = {
            f"PUT {COLLECTION}": self.put_collection,
            f"DELETE {COLLECTION}": lambda name, body, result: self.client.delete_collection(name),
            f"PUT {COLLECTION}/points": self.put_points,
            f"POST {COLLECTION}/points": self.post_points,
            f"POST {COLLECTION}/points/query": self.query,
            f"POST {COLLECTION}/points/query/batch": self.batch,
            f"POST {COLLECTION}/points/query/groups": self.query_groups,
            f"POST {COLLECTION}/points/scroll": self.scroll,
            f"POST {COLLECTION}/points/count": self.count,
            f"POST {COLLECTION}/points/delete": self.delete,
            f"POST {COLLECTION}/points/payload": self.set_payload,
        }
        kinds = {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                request = json.loads(line)
                handler = routes.get(request["route"])
                if request["route"] == f"PUT {COLLECTION}" and wide(request["body"]):
                    self.wide.add(request["name"])
                if handler and request["name"] not in self.wide:
                    kinds[request["route"]] = kinds.get(request["route"], 0) + 1
                    handler(request["name"], request["body"], request["result"])
        return kinds


def main():
    replay = Replay()
    kinds = replay.run(sys.argv[1])
    for route, n in sorted(kinds.items()):
        print(f"{n:6} {route}")
    for wrong in replay.wrong[:20]:
        print("FAILED", wrong)
    for needed in ("query", "query/batch", "query/groups", "scroll", "count"):
        if f"POST {COLLECTION}/points/{needed}" not in kinds:
            replay.wrong.append(f"no {needed}")
            print("FAILED", replay.wrong[-1], "was recorded")
    print(f"{replay.compared} answers compared")
    print(f"{0 if replay.wrong else 1} passed, {1 if replay.wrong else 0} failed")
    return 1 if replay.wrong else 0


sys.exit(main())
