/*
 * collection.mjs: one collection of the double: points, filters, and exact search over dense and sparse vectors.
 * tests/service/qdrant/compare.py holds its answers against those of Qdrant's own client in local mode.
 */

export class Refused extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

const bad = (message) => new Refused(400, message);

/* --- Payloads --------------------------------------------------------------------- */

/* Every value that a key leads to: "match.place", "parts[].name". */
function valuesAt(payload, key) {
	let found = [payload];
	for (const part of key.split(".")) {
		const name = part.replace(/\[\]$/, "");
		found = found.flatMap((v) => (v !== null && typeof v === "object" && !Array.isArray(v) && name in v ? [v[name]] : []));
		if (part.endsWith("[]")) found = found.flatMap((v) => (Array.isArray(v) ? v : []));
	}
	return found;
}

const flat = (values) => values.flatMap((v) => (Array.isArray(v) ? v : [v]));

function timeOf(text) {
	const iso = text.replace(" ", "T");
	const micro = /\.(\d+)/.exec(iso)?.[1] ?? "";
	const ms = Date.parse(/T/.test(iso) && !/(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? `${iso}Z` : iso);
	return ms + Number(`0.${micro.slice(3).padEnd(1, "0")}`);
}

function compileMatch(m) {
	if ("value" in m) return (v) => v === m.value;
	if ("any" in m) {
		const set = new Set(m.any);
		return (v) => set.has(v);
	}
	if ("except" in m) {
		const set = new Set(m.except);
		return (v) => !set.has(v);
	}
	if ("text" in m) {
		const words = m.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
		return (v) => typeof v === "string" && words.every((w) => (v.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).includes(w));
	}
	throw bad(`this double does not know match ${Object.keys(m)}`);
}

function compileRange(r) {
	const times = Object.values(r).some((v) => typeof v === "string");
	const bound = (v) => (v === undefined || v === null ? null : times ? timeOf(v) : v);
	const [gt, gte, lt, lte] = [bound(r.gt), bound(r.gte), bound(r.lt), bound(r.lte)];
	return (raw) => {
		if (typeof raw !== (times ? "string" : "number")) return false;
		const v = times ? timeOf(raw) : raw;
		return !Number.isNaN(v) && (gt === null || v > gt) && (gte === null || v >= gte) && (lt === null || v < lt) && (lte === null || v <= lte);
	};
}

const list = (x) => (x === undefined || x === null ? [] : Array.isArray(x) ? x : [x]);

function compileField(c) {
	const parts = [];
	if (c.match) {
		const match = compileMatch(c.match);
		parts.push((p) => flat(valuesAt(p, c.key)).some(match));
	}
	if (c.range) {
		const range = compileRange(c.range);
		parts.push((p) => flat(valuesAt(p, c.key)).some(range));
	}
	if (c.values_count) {
		const range = compileRange(c.values_count);
		parts.push((p) => range(flat(valuesAt(p, c.key)).length));
	}
	if (c.is_empty !== undefined && c.is_empty !== null) parts.push((p) => isEmpty(p, c.key) === c.is_empty);
	if (c.is_null !== undefined && c.is_null !== null) parts.push((p) => valuesAt(p, c.key).includes(null) === c.is_null);
	if (!parts.length) throw bad(`this double does not know the condition on ${c.key}`);
	return (point) => parts.every((f) => f(point.payload));
}

function isEmpty(payload, key) {
	return valuesAt(payload, key).every((v) => v === null || (Array.isArray(v) && v.length === 0));
}

/* A function of a point; notes every payload key it looks at. */
export function compileFilter(f, keys = new Set()) {
	if (!f) return () => true;
	const one = (c) => {
		if ("key" in c) {
			keys.add(c.key);
			return compileField(c);
		}
		if ("is_empty" in c) return (p) => isEmpty(p.payload, c.is_empty.key);
		if ("is_null" in c) return (p) => valuesAt(p.payload, c.is_null.key).includes(null);
		if ("has_id" in c) {
			const ids = new Set(c.has_id);
			return (p) => ids.has(p.id);
		}
		if ("has_vector" in c) return (p) => p.dense.has(c.has_vector) || p.sparse.has(c.has_vector);
		if ("nested" in c) throw bad("this double does not know nested conditions");
		return compileFilter(c, keys);
	};
	const must = list(f.must).map(one), should = list(f.should).map(one), not = list(f.must_not).map(one);
	const least = f.min_should ? list(f.min_should.conditions).map(one) : [];
	return (p) => must.every((c) => c(p)) && (!should.length || should.some((c) => c(p))) && !not.some((c) => c(p)) &&
		(!least.length || least.filter((c) => c(p)).length >= f.min_should.min_count);
}

function selectPayload(payload, wanted) {
	if (wanted === true) return payload;
	if (!wanted) return undefined;
	const include = Array.isArray(wanted) ? wanted : wanted.include;
	if (!include) return Object.fromEntries(Object.entries(payload).filter(([k]) => !list(wanted.exclude).includes(k)));
	const out = {};
	for (const key of include) {
		let from = payload, to = out;
		const parts = key.split(".");
		for (const [i, part] of parts.entries()) {
			if (from === null || typeof from !== "object" || !(part in from)) break;
			if (i === parts.length - 1) to[part] = from[part];
			else to = to[part] ??= {};
			from = from[part];
		}
	}
	return out;
}

/* --- Vectors ----------------------------------------------------------------------- */

function unit(values) {
	const v = Float32Array.from(values);
	let square = 0;
	for (const x of v) square += x * x;
	const length = Math.sqrt(square);
	if (length > 0 && Math.abs(length - 1) > 1e-6)
		for (let i = 0; i < v.length; i++) v[i] /= length;
	return v;
}

/* Distinct ids come back in no order that a caller may rely on. */
function scramble(text) {
	let h = 2166136261;
	for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
	return h >>> 0;
}

const better = (a, b) => b.score - a.score || a.point.chance - b.point.chance;

export class Collection {
	constructor(name, config) {
		this.name = name;
		this.config = config;
		this.points = new Map();
		this.indexes = new Map();
		this.version = 0;
		this.lists = new Map(); /* sparse: name -> dimension -> Map(point -> value) */
		this.sorted = null;
		this.dense = new Map();
		this.sparse = new Set(Object.keys(config.sparse_vectors ?? {}));
		const vectors = config.vectors ?? {};
		if (vectors.size !== undefined) this.dense.set("", vectors);
		else for (const [name, params] of Object.entries(vectors)) this.dense.set(name, params);
	}

	/* --- Writing --- */

	put(structs) {
		const made = structs.map((s) => this.make(s));
		for (const p of made) {
			this.forget(this.points.get(p.id));
			this.points.set(p.id, p);
			for (const [name, v] of p.sparse) {
				const dims = this.lists.get(name) ?? this.lists.set(name, new Map()).get(name);
				for (let i = 0; i < v.indices.length; i++) {
					const postings = dims.get(v.indices[i]) ?? dims.set(v.indices[i], new Map()).get(v.indices[i]);
					postings.set(p, v.values[i]);
				}
			}
		}
		this.sorted = null;
		return this.version++;
	}

	make(s) {
		const p = { id: s.id, payload: s.payload ?? {}, dense: new Map(), sparse: new Map(), version: this.version, chance: scramble(`${s.id}${this.name}`) };
		const named = Array.isArray(s.vector) ? { "": s.vector } : s.vector;
		for (const [name, v] of Object.entries(named)) {
			if (this.sparse.has(name)) p.sparse.set(name, sparse(v));
			else p.dense.set(name, this.unitOf(name, v));
		}
		return p;
	}

	unitOf(name, values) {
		const params = this.dense.get(name);
		if (!params) throw bad(`Wrong input: Not existing vector name error: ${name}`);
		if (!Array.isArray(values)) throw bad("Wrong input: Conversion between multi and regular vectors failed");
		if (values.length !== params.size) throw bad(`Wrong input: Vector dimension error: expected dim: ${params.size}, got ${values.length}`);
		return params.distance === "Cosine" ? unit(values) : Float32Array.from(values);
	}

	forget(p) {
		if (!p) return;
		this.points.delete(p.id);
		this.sorted = null;
		for (const [name, v] of p.sparse)
			for (const d of v.indices) this.lists.get(name).get(d)?.delete(p);
	}

	remove(selector) {
		const gone = selector.points ? selector.points.map((id) => this.points.get(id)) : this.passing(selector.filter);
		for (const p of gone) this.forget(p);
		return this.version++;
	}

	setPayload(ids, filter, payload, replace) {
		for (const p of ids ? ids.map((id) => this.points.get(id)).filter(Boolean) : this.passing(filter))
			p.payload = replace ? payload : { ...p.payload, ...payload };
		return this.version++;
	}

	/* --- Reading --- */

	/* As a cluster in strict mode does: a filter on what has no index is refused. */
	filterOf(f) {
		const keys = new Set(), pass = compileFilter(f, keys);
		for (const key of this.strict ? keys : [])
			if (!this.indexes.has(key))
				throw bad(`Bad request: Index required but not found for "${key}" of one of the following types: [keyword]. Help: Create an index for this key or use a different filter.`);
		return pass;
	}

	passing(filter) {
		const pass = this.filterOf(filter), out = [];
		for (const p of this.points.values()) if (pass(p)) out.push(p);
		return out;
	}

	byId() {
		return (this.sorted ??= [...this.points.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)));
	}

	scroll({ filter, limit = 10, offset, order_by, with_payload = true, with_vector = false }) {
		const pass = this.filterOf(filter);
		if (order_by) {
			const found = this.ordered(order_by, pass).slice(0, limit);
			return { points: found.map((h) => this.record(h.point, with_payload, with_vector, h.value)), next_page_offset: null };
		}
		const found = [];
		let next = null;
		for (const p of this.byId()) {
			if ((offset !== undefined && offset !== null && p.id < offset) || !pass(p)) continue;
			if (found.length === limit) {
				next = p.id;
				break;
			}
			found.push(p);
		}
		return { points: found.map((p) => this.record(p, with_payload, with_vector)), next_page_offset: next };
	}

	ordered(by, pass) {
		const { key, direction = "asc", start_from } = typeof by === "string" ? { key: by } : by;
		const index = this.indexes.get(key)?.type ?? this.indexes.get(key);
		if (!["integer", "float", "datetime"].includes(index))
			throw bad(`Bad request: No range index for \`order_by\` key: \`${key}\`. Please create one to use \`order_by\`.`);
		const sign = direction === "desc" ? -1 : 1, found = [];
		for (const p of this.points.values()) {
			if (!pass(p)) continue;
			for (const value of flat(valuesAt(p.payload, key))) {
				const n = index === "datetime" ? timeOf(value) : value;
				if (start_from === undefined || start_from === null || sign * (n - start_from) >= 0) found.push({ point: p, value, n });
			}
		}
		return found.sort((a, b) => sign * (a.n - b.n) || a.point.chance - b.point.chance);
	}

	record(p, with_payload, with_vector, order_value) {
		const out = { id: p.id };
		if (with_payload) out.payload = selectPayload(p.payload, with_payload);
		if (with_vector) out.vector = this.vectorsOf(p, with_vector);
		if (order_value !== undefined) out.order_value = order_value;
		return out;
	}

	vectorsOf(p, wanted) {
		const out = {};
		for (const [name, v] of p.dense) if (wanted === true || wanted.includes(name)) out[name] = Array.from(v);
		for (const [name, v] of p.sparse) if (wanted === true || wanted.includes(name)) out[name] = v;
		return "" in out ? out[""] : out;
	}

	retrieve(ids, with_payload = true, with_vector = false) {
		return ids.map((id) => this.points.get(id)).filter(Boolean).map((p) => this.record(p, with_payload, with_vector));
	}

	count(filter) {
		return this.passing(filter).length;
	}

	/* --- Searching --- */

	/* Hits {point, score}, best first. */
	search(q, limit, among) {
		const pass = this.filterOf(q.filter), pool = among ? new Set(among) : null;
		const take = (p) => (!pool || pool.has(p)) && pass(p);
		const vector = this.vectorIn(q.query);
		if (vector === undefined) return this.unscored(q, take, limit, among);
		const using = q.using ?? "";
		const hits = this.sparse.has(using) ? this.searchSparse(using, vector, take) : this.searchDense(using, vector, take, among);
		const least = q.score_threshold ?? -Infinity;
		return hits.filter((h) => h.score >= least).sort(better).slice(0, limit);
	}

	/* The vector that is asked for; undefined: something else is. */
	vectorIn(query) {
		if (query === undefined || query === null) return undefined;
		const v = typeof query === "object" && !Array.isArray(query) && "nearest" in query ? query.nearest : query;
		if (Array.isArray(v) || (typeof v === "object" && "indices" in v)) return v;
		if (typeof v === "object") return undefined;
		const p = this.points.get(v);
		if (!p) throw new Refused(404, `Not found: No point with id ${v} found`);
		return Array.from([...p.dense.values()][0] ?? []);
	}

	unscored(q, take, limit, among) {
		if (q.query && "order_by" in q.query) return this.ordered(q.query.order_by, take).slice(0, limit).map((h) => ({ point: h.point, score: 0, value: h.value }));
		if (q.query && "fusion" in q.query) throw bad("fusion needs prefetches");
		if (q.query) throw bad(`this double does not know query ${Object.keys(q.query)}`);
		return (among ?? this.byId()).filter(take).slice(0, limit).map((point) => ({ point, score: 0 }));
	}

	searchDense(using, values, take, among) {
		const v = this.unitOf(using, values), hits = [], n = v.length;
		for (const point of among ?? this.points.values()) {
			const w = point.dense.get(using);
			if (!w || !take(point)) continue;
			let score = 0;
			for (let i = 0; i < n; i++) score += v[i] * w[i];
			hits.push({ point, score: Math.fround(score) });
		}
		return hits;
	}

	searchSparse(using, values, take) {
		const v = sparse(values), scores = new Map(), lists = this.lists.get(using);
		for (let i = 0; i < v.indices.length; i++)
			for (const [p, value] of lists?.get(v.indices[i]) ?? [])
				scores.set(p, Math.fround((scores.get(p) ?? 0) + Math.fround(Math.fround(value) * Math.fround(v.values[i]))));
		return [...scores].filter(([p]) => take(p)).map(([point, score]) => ({ point, score }));
	}
}

function sparse(v) {
	if (Array.isArray(v) || !v.indices) throw bad("Wrong input: Conversion between sparse and regular vectors failed");
	if (v.indices.length !== v.values.length) throw bad("Validation error in body: [values: must be the same length as indices]");
	if (new Set(v.indices).size !== v.indices.length) throw bad("Validation error in body: [indices: must be unique]");
	return { indices: v.indices, values: v.values.map(Math.fround) };
}
