#!/usr/bin/env node
/*
 * fake.mjs: a double of Qdrant that speaks its REST interface, for tests without one.
 *
 *   fake.mjs [--port N] [--version 1.11.0] [--api-key KEY] [--lenient] [--record FILE] [--keep FILE] [--stay]
 *
 * Prints its URL, then serves until stdin closes (--stay: until it is killed). --record writes each request that was answered, with its answer,
 * as a line of JSON: tests/e2e/qdrant/replay.py asks Qdrant's own client the same. --keep holds what was written beyond the end.
 *
 * What comes in is judged by the published schema (schema.mjs), strictly, and what goes out as well. Filters on fields without
 * an index are refused, as in strict mode. --lenient drops that, for clients that nobody here wrote.
 *
 * GET  /fake/seen     {"requests":{"POST /collections/{collection_name}/points/query":3},"refused":["..."],"bytes_max":N}
 * POST /fake/script   {"rules":[{"match":"^PUT .*points","status":503,"body":"...","headers":{},"delay_ms":0,"hang_up":true,"after":2,"times":1}]}
 * POST /fake/reset    forgets rules and what was seen
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Collection, Refused } from "./collection.mjs";
import { load } from "./schema.mjs";

const BODY_MAX = 32 << 20;
const args = process.argv.slice(2);
const option = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
const version = option("--version", "1.16.0");
const key = option("--api-key", "");
const record = option("--record", "");
const keep = option("--keep", "");
const lenient = args.includes("--lenient");
/* Fields of requests and the first version that knows them. */
const SINCE = { has_vector: 13, formula: 14, mmr: 15, phrase: 15, acorn: 16, text_any: 16, update_filter: 16, update_mode: 18, prefix: 19, idf: 19 };

const spec = await load();
const collections = new Map();
const aliases = new Map();
let seen, rules;

function reset() {
	seen = { requests: {}, refused: [], bytes_max: 0 };
	rules = [];
}
reset();

function collection(name) {
	const c = collections.get(aliases.get(name) ?? name);
	if (!c) throw new Refused(404, `Not found: Collection \`${name}\` doesn't exist!`);
	return c;
}

/* --- Queries ------------------------------------------------------------------------ */

const list = (x) => (x === undefined || x === null ? [] : Array.isArray(x) ? x : [x]);

/* Reciprocal ranks, as Qdrant counts them: from 0, k = 2. */
function fuse(lists, limit) {
	const scores = new Map();
	for (const hits of lists) hits.forEach((h, rank) => scores.set(h.point, (scores.get(h.point) ?? 0) + 1 / (rank + 2)));
	return [...scores].map(([point, score]) => ({ point, score })).sort((a, b) => b.score - a.score || a.point.chance - b.point.chance).slice(0, limit);
}

function run(c, q, filter) {
	const limit = (q.limit ?? 10) + (q.offset ?? 0);
	const both = filter && q.filter ? { must: [filter, q.filter] } : filter ?? q.filter;
	const before = list(q.prefetch).map((p) => run(c, p, both));
	let hits;
	if (before.length && q.query?.fusion === "rrf") hits = fuse(before, limit);
	else if (before.length) hits = c.search({ ...q, filter: undefined }, limit, [...new Set(before.flat().map((h) => h.point))]);
	else hits = c.search({ ...q, filter: both }, limit);
	return hits.slice(q.offset ?? 0);
}

function scored(c, h, q) {
	return { ...c.record(h.point, q.with_payload ?? false, q.with_vector ?? false, h.value), version: h.point.version, score: h.score };
}

/* The best of each value of a field; a point without it is in no group. */
function groups(c, q) {
	const limit = q.limit ?? 10, size = q.group_size ?? 3, found = new Map();
	for (const h of run(c, { ...q, limit: 1e9 })) {
		const value = h.point.payload[q.group_by];
		for (const id of new Set(list(value).filter((v) => typeof v === "string" || typeof v === "number"))) {
			if (!found.has(id) && found.size < limit) found.set(id, []);
			const hits = found.get(id);
			if (hits && hits.length < size) hits.push(h);
		}
	}
	return { groups: [...found].map(([id, hits]) => ({ id, hits: hits.map((h) => scored(c, h, q)) })) };
}

function info(c) {
	return {
		status: "green", optimizer_status: "ok", indexed_vectors_count: 0, points_count: c.points.size, segments_count: 1,
		config: {
			params: { vectors: c.config.vectors, sparse_vectors: c.config.sparse_vectors, shard_number: 1, replication_factor: 1, write_consistency_factor: 1, on_disk_payload: true },
			hnsw_config: { m: 16, ef_construct: 100, full_scan_threshold: 10000, ...c.config.hnsw_config },
			optimizer_config: { deleted_threshold: 0.2, vacuum_min_vector_number: 1000, default_segment_number: 0, flush_interval_sec: 5 },
			wal_config: { wal_capacity_mb: 32, wal_segments_ahead: 0 }, quantization_config: null,
		},
		payload_schema: Object.fromEntries([...c.indexes].map(([k, v]) => [k, { data_type: v.type ?? v, ...(v.type ? { params: v } : {}), points: c.points.size }])),
	};
}

function change(actions) {
	for (const a of actions) {
		if (a.create_alias) {
			const { alias_name: alias, collection_name: name } = a.create_alias;
			if (collections.has(alias)) throw new Refused(409, `Wrong input: Collection \`${alias}\` already exists!`);
			collection(name);
			aliases.set(alias, name);
		} else if (a.delete_alias) {
			aliases.delete(a.delete_alias.alias_name);
		} else {
			const { old_alias_name: old, new_alias_name: fresh } = a.rename_alias;
			if (!aliases.has(old)) throw new Refused(404, `Not found: Alias ${old} does not exists!`);
			aliases.set(fresh, aliases.get(old));
			aliases.delete(old);
		}
	}
	return true;
}

const done = (operation_id) => ({ operation_id, status: "completed" });
const C = "/collections/{collection_name}";
const described = (entries) => ({ aliases: entries.map(([alias_name, collection_name]) => ({ alias_name, collection_name })) });

const handlers = {
	"GET /": () => ({ title: "qdrant - vector search engine", version, commit: "fake" }),
	"GET /collections": () => ({ collections: [...collections.keys()].map((name) => ({ name })) }),
	"GET /aliases": () => described([...aliases]),
	"POST /collections/aliases": ({ body }) => change(body.actions),
	[`GET ${C}`]: ({ name }) => info(collection(name)),
	[`GET ${C}/exists`]: ({ name }) => ({ exists: collections.has(aliases.get(name) ?? name) }),
	[`GET ${C}/aliases`]: ({ name }) => described([...aliases].filter(([, to]) => to === name)),
	[`PUT ${C}`]: ({ name, body }) => {
		if (collections.has(name) || aliases.has(name)) throw new Refused(409, `Wrong input: Collection \`${name}\` already exists!`);
		const c = new Collection(name, body);
		c.strict = !lenient;
		collections.set(name, c);
		return true;
	},
	[`DELETE ${C}`]: ({ name }) => {
		for (const [alias, to] of aliases) if (to === name) aliases.delete(alias);
		return collections.delete(name);
	},
	[`PUT ${C}/index`]: ({ name, body }) => {
		collection(name).indexes.set(body.field_name, body.field_schema ?? "keyword");
		return done(0);
	},
	[`DELETE ${C}/index/{field_name}`]: ({ name, variables }) => {
		collection(name).indexes.delete(variables.field_name);
		return done(0);
	},
	[`PUT ${C}/points`]: ({ name, body }) => {
		if (!body.points) throw new Refused(400, "this double takes lists of points");
		return done(collection(name).put(body.points));
	},
	[`POST ${C}/points`]: ({ name, body }) => collection(name).retrieve(body.ids, body.with_payload ?? true, body.with_vector ?? false),
	[`GET ${C}/points/{id}`]: ({ name, variables }) => {
		const [p] = collection(name).retrieve([variables.id, Number(variables.id)], true, true);
		if (!p) throw new Refused(404, `Not found: Point with id ${variables.id} does not exists!`);
		return p;
	},
	[`POST ${C}/points/delete`]: ({ name, body }) => done(collection(name).remove(body)),
	[`POST ${C}/points/payload`]: ({ name, body }) => done(collection(name).setPayload(body.points, body.filter, body.payload, false)),
	[`PUT ${C}/points/payload`]: ({ name, body }) => done(collection(name).setPayload(body.points, body.filter, body.payload, true)),
	[`POST ${C}/points/scroll`]: ({ name, body }) => collection(name).scroll(body),
	[`POST ${C}/points/count`]: ({ name, body }) => ({ count: collection(name).count(body.filter) }),
	[`POST ${C}/points/query`]: ({ name, body }) => ({ points: run(collection(name), body).map((h) => scored(collection(name), h, body)) }),
	[`POST ${C}/points/query/batch`]: ({ name, body }) =>
		body.searches.map((q) => ({ points: run(collection(name), q).map((h) => scored(collection(name), h, q)) })),
	[`POST ${C}/points/query/groups`]: ({ name, body }) => groups(collection(name), body),
};

const READS = /(scroll|count|query|query\/batch|query\/groups|\/points)$/;
const writes = (key) => !key.startsWith("GET ") && !(key.startsWith("POST ") && READS.test(key));

function restore() {
	for (const line of readFileSync(keep, "utf8").split("\n").filter(Boolean)) {
		const { route, variables, body } = JSON.parse(line);
		handlers[route]({ body, variables, name: variables.collection_name });
	}
}
if (keep && existsSync(keep)) restore();

/* --- The wire -------------------------------------------------------------------------- */

function tooNew(body) {
	const minor = Number(version.split(".")[1]);
	const look = (v) => {
		if (v === null || typeof v !== "object") return undefined;
		if (Array.isArray(v)) return typeof v[0] === "number" ? undefined : v.map(look).find(Boolean);
		for (const [k, inner] of Object.entries(v)) {
			if (SINCE[k] > minor && k !== "payload") return k;
			const found = k === "payload" || k === "vector" ? undefined : look(inner);
			if (found) return found;
		}
		return undefined;
	};
	return look(body);
}

function read(request) {
	return new Promise((resolve, reject) => {
		const chunks = [];
		let size = 0;
		request.on("data", (c) => {
			size += c.length;
			if (size > BODY_MAX) reject(new Refused(413, `Payload reached size limit (${BODY_MAX})`));
			else chunks.push(c);
		});
		request.on("end", () => {
			seen.bytes_max = Math.max(seen.bytes_max, size);
			resolve(Buffer.concat(chunks).toString("utf8"));
		});
		request.on("error", reject);
	});
}

function send(response, status, body, headers = {}) {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
	response.end(text);
}

function refuse(response, status, message, headers) {
	send(response, status, { status: { error: message }, time: 0.0001 }, headers);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* What the script has for this request; true: it is done with. */
async function scripted(name, request, response) {
	const rule = rules.find((r) => new RegExp(r.match).test(name) && !(r.after > 0 && r.after--) && (r.times === undefined || r.times-- > 0));
	if (!rule) return false;
	if (rule.delay_ms) await pause(rule.delay_ms);
	if (rule.hang_up) request.socket.destroy();
	else if (rule.body !== undefined) send(response, rule.status ?? 200, rule.body, rule.headers);
	else if (rule.status) refuse(response, rule.status, rule.error ?? "Service internal error: scripted", rule.headers);
	else return false;
	return true;
}

function control(url, text, response) {
	if (url.pathname === "/fake/seen") return send(response, 200, seen);
	if (url.pathname === "/fake/script") rules = JSON.parse(text).rules;
	else if (url.pathname === "/fake/reset") reset();
	else return refuse(response, 404, "no such control");
	return send(response, 200, {});
}

function judged(route, url, text) {
	let body;
	try {
		body = text === "" ? undefined : JSON.parse(text);
	} catch (e) {
		throw new Refused(400, `Format error in JSON body: ${e.message}`);
	}
	const wrong = spec.request(route, url.searchParams, body);
	const early = body && tooNew(body);
	if (early) throw new Refused(400, `Format error in JSON body: ${early} is not known to ${version}`);
	if (!wrong.length) return body;
	const message = `${route.key}: ${wrong[0]}`;
	seen.refused.push(message);
	throw new Refused(400, `Format error in JSON body: ${message}`);
}

async function serve(request, response) {
	const url = new URL(request.url, "http://fake");
	const text = await read(request);
	if (url.pathname.startsWith("/fake/")) return control(url, text, response);
	const name = `${request.method} ${url.pathname}`;
	const route = spec.find(request.method, url.pathname);
	if (route) seen.requests[route.key] = (seen.requests[route.key] ?? 0) + 1;
	if (await scripted(name, request, response)) return undefined;
	if (["/healthz", "/livez", "/readyz"].includes(url.pathname)) return send(response, 200, "all shards are ready", { "content-type": "text/plain" });
	const given = request.headers["api-key"] ?? request.headers.authorization?.replace(/^Bearer /, "");
	if (key && given !== key) return send(response, given ? 403 : 401, given ? "Invalid API key or JWT" : "Must provide an API key or an Authorization bearer token", { "content-type": "text/plain" });
	if (!route) {
		seen.refused.push(`${name}: no such route`);
		return refuse(response, 404, "Not found");
	}
	const handler = handlers[route.key];
	if (!handler) {
		seen.refused.push(`${name}: this double does not serve it`);
		return refuse(response, 501, "this double does not serve it");
	}
	const began = process.hrtime.bigint();
	const result = handler({ body: judged(route, url, text), name: route.variables.collection_name, variables: route.variables });
	const answer = JSON.stringify(route.key === "GET /" ? result : { result, status: "ok", time: Number(process.hrtime.bigint() - began) / 1e9 });
	const wrong = answer.length < 20000 ? spec.response(route, JSON.parse(answer)) : [];
	if (wrong.length) throw new Error(`the double's own answer to ${route.key}: ${wrong[0]}`);
	if (record) appendFileSync(record, `${JSON.stringify({ route: route.key, name: route.variables.collection_name, body: text ? JSON.parse(text) : null, result })}\n`);
	if (keep && writes(route.key)) appendFileSync(keep, `${JSON.stringify({ route: route.key, variables: route.variables, body: text ? JSON.parse(text) : undefined })}\n`);
	return send(response, 200, answer);
}

const server = createServer((request, response) => {
	serve(request, response).catch((e) => {
		if (!(e instanceof Refused)) {
			console.error(e);
			seen.refused.push(String(e));
		}
		if (!response.headersSent && !request.socket.destroyed) refuse(response, e.status ?? 500, e.message);
	});
});
server.keepAliveTimeout = 60000;
server.listen(Number(option("--port", 0)), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
if (!args.includes("--stay")) process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
