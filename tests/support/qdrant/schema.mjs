/*
 * schema.mjs: Qdrant's published API (openapi.json, without its prose) as a strict judge of requests and answers.
 *
 *   const spec = await load();
 *   const route = spec.find("POST", "/collections/x/points/query");   undefined: there is no such route
 *   spec.request(route, query, body)   a list of what is wrong
 *   spec.response(route, body)         the same, of what we answer
 *
 * Stricter than the schema says: a field that an object does not declare is wrong, whatever additionalProperties defaults to.
 */
import { readFile } from "node:fs/promises";

const UUID = /^(urn:uuid:)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const ok = [];

function kind(v) {
	return v === null ? "null" : Array.isArray(v) ? "array" : typeof v;
}

/* A function of (value, path) that returns the list of what is wrong, empty when nothing is. */
class Compiler {
	constructor(schemas) {
		this.schemas = schemas;
		this.made = new Map();
	}

	named(name) {
		let check = this.made.get(name);
		if (!check) {
			let real;
			check = (v, at) => (real ??= this.compile(this.schemas[name]))(v, at);
			this.made.set(name, check);
		}
		return check;
	}

	compile(s) {
		if (s === undefined || s === true) return () => ok;
		if (s.$ref) return this.named(s.$ref.split("/").pop());
		const checks = [];
		for (const word of ["anyOf", "oneOf"])
			if (s[word]) checks.push(this.any(s[word]));
		for (const one of s.allOf ?? []) checks.push(this.compile(one));
		if (s.enum) checks.push((v, at) => (s.enum.includes(v) ? ok : [`${at}: ${JSON.stringify(v)} is none of ${s.enum}`]));
		if (s.const !== undefined) checks.push((v, at) => (v === s.const ? ok : [`${at}: is not ${s.const}`]));
		if (s.type) checks.push(this.typed(s));
		if (s.nullable && !s.type && !s.anyOf && !s.oneOf && !s.allOf && !s.enum)
			return (v, at) => (v === null ? ok : [`${at}: is not null`]);
		const all = checks.length === 1 ? checks[0] : (v, at) => checks.flatMap((c) => c(v, at));
		return s.nullable ? (v, at) => (v === null ? ok : all(v, at)) : all;
	}

	any(list) {
		const checks = list.map((s) => this.compile(s));
		return (v, at) => {
			let best;
			for (const check of checks) {
				const wrong = check(v, at);
				if (!wrong.length) return ok;
				if (!best || depth(wrong) > depth(best)) best = wrong;
			}
			return best ?? ok;
		};
	}

	typed(s) {
		switch (s.type) {
		case "object": return this.object(s);
		case "array": return this.array(s);
		case "string": return (v, at) => (typeof v === "string" ? string(s, v, at) : [`${at}: ${kind(v)} is no string`]);
		case "boolean": return (v, at) => (typeof v === "boolean" ? ok : [`${at}: ${kind(v)} is no boolean`]);
		default: return (v, at) => number(s, v, at);
		}
	}

	array(s) {
		const item = this.compile(s.items);
		const plain = s.items?.type === "number" && s.items.minimum === undefined && s.items.maximum === undefined;
		return (v, at) => {
			if (!Array.isArray(v)) return [`${at}: ${kind(v)} is no array`];
			if (s.minItems !== undefined && v.length < s.minItems) return [`${at}: fewer than ${s.minItems} items`];
			if (s.maxItems !== undefined && v.length > s.maxItems) return [`${at}: more than ${s.maxItems} items`];
			if (s.uniqueItems && new Set(v.map((x) => JSON.stringify(x))).size !== v.length) return [`${at}: an item occurs twice`];
			if (plain && v.every(Number.isFinite)) return ok;
			for (let i = 0; i < v.length; i++) {
				const wrong = item(v[i], `${at}[${i}]`);
				if (wrong.length) return wrong;
			}
			return ok;
		};
	}

	object(s) {
		const fields = new Map(Object.entries(s.properties ?? {}).map(([k, v]) => [k, this.compile(v)]));
		const rest = s.additionalProperties === true ? () => ok
			: s.additionalProperties ? this.compile(s.additionalProperties)
			: s.properties || s.additionalProperties === false ? undefined : () => ok;
		return (v, at) => {
			if (kind(v) !== "object") return [`${at}: ${kind(v)} is no object`];
			for (const k of s.required ?? [])
				if (!(k in v)) return [`${at}: ${k} is missing`];
			for (const k of Object.keys(v)) {
				const check = fields.get(k) ?? rest;
				if (!check) return [`${at}: unknown field ${k}`];
				const wrong = check(v[k], `${at}.${k}`);
				if (wrong.length) return wrong;
			}
			return ok;
		};
	}
}

/* Of several alternatives, the one that failed farthest in is what was meant. */
function depth(wrong) {
	return Math.max(...wrong.map((w) => w.split(":")[0].split(/[.[]/).length));
}

function string(s, v, at) {
	if (s.minLength !== undefined && v.length < s.minLength) return [`${at}: shorter than ${s.minLength}`];
	if (s.maxLength !== undefined && v.length > s.maxLength) return [`${at}: longer than ${s.maxLength}`];
	if (s.format === "uuid" && !UUID.test(v)) return [`${at}: ${v} is no UUID`];
	if (s.format === "date-time" && !TIME.test(v)) return [`${at}: ${v} is no time`];
	return ok;
}

function number(s, v, at) {
	if (typeof v !== "number" || !Number.isFinite(v)) return [`${at}: ${kind(v)} is no number`];
	if (s.type === "integer" && !Number.isInteger(v)) return [`${at}: ${v} is no integer`];
	if (s.minimum !== undefined && v < s.minimum) return [`${at}: ${v} is less than ${s.minimum}`];
	if (s.maximum !== undefined && v > s.maximum) return [`${at}: ${v} is more than ${s.maximum}`];
	if (s.format === "uint32" && v > 0xffffffff) return [`${at}: ${v} is no uint32`];
	return ok;
}

class Spec {
	constructor(api) {
		const compiler = new Compiler(api.components.schemas);
		this.routes = [];
		for (const [path, methods] of Object.entries(api.paths)) {
			const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
			const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]+)")}$`);
			for (const [method, op] of Object.entries(methods)) {
				if (typeof op.responses !== "object") continue;
				const body = op.requestBody?.content?.["application/json"]?.schema;
				const answer = op.responses["200"]?.content?.["application/json"]?.schema;
				const parameters = [...(methods.parameters ?? []), ...(op.parameters ?? [])];
				this.routes.push({
					method: method.toUpperCase(), path, pattern, names,
					key: `${method.toUpperCase()} ${path}`,
					body: body && compiler.compile(body),
					answer: answer && compiler.compile(answer),
					query: new Map(parameters.filter((p) => p.in === "query").map((p) => [p.name, { ...p, check: compiler.compile(p.schema) }])),
				});
			}
		}
		/* paths without variables first */
		this.routes.sort((a, b) => a.names.length - b.names.length || b.path.length - a.path.length);
	}

	find(method, path) {
		for (const r of this.routes) {
			const m = r.method === method && r.pattern.exec(path);
			if (m) return { ...r, variables: Object.fromEntries(r.names.map((n, i) => [n, decodeURIComponent(m[i + 1])])) };
		}
		return undefined;
	}

	request(route, query, body) {
		for (const [name, text] of query) {
			const p = route.query.get(name);
			if (!p) return [`query: unknown parameter ${name}`];
			const value = text === "true" ? true : text === "false" ? false : text !== "" && !isNaN(text) ? Number(text) : text;
			const wrong = p.check(value, `query.${name}`);
			if (wrong.length) return wrong;
		}
		for (const p of route.query.values())
			if (p.required && !query.has(p.name)) return [`query: ${p.name} is missing`];
		if (route.body) return body === undefined ? ["body: is missing"] : route.body(body, "body");
		return body === undefined ? ok : ["body: is not wanted"];
	}

	response(route, body) {
		return route.answer ? route.answer(body, "answer") : ok;
	}
}

export async function load() {
	return new Spec(JSON.parse(await readFile(new URL("openapi.json", import.meta.url), "utf8")));
}
