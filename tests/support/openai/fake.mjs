#!/usr/bin/env node
/*
 * fake.mjs - a server that speaks OpenAI's POST /v1/embeddings, strict about what it takes and failing on demand.
 *
 *	fake.mjs [--port N]		prints "listening on N"
 *	POST   /control/plan		[{...}, ...]: one behaviour for each request to come; then all goes well again
 *	GET    /control/requests	what was asked: [{headers, body, at_ms}]
 *	DELETE /control/requests
 *
 * A behaviour: "status" with "message", "code", "type", "headers"; "delay_ms"; "hang"; "cut" (the connection, in mid-answer); "reset";
 * "html", "garbage", "empty" as the body of a 200; "shuffle" the order; "floats" instead of base64; "refuse_format" (400 for any
 * encoding_format); "spoil": "missing" | "twice" | "index" | "short" | "long" | "null" | "zero" | "text" | "no_data" of one vector.
 *
 * The rules are those of OpenAI's published interface (CreateEmbeddingRequest, additional properties refused).  A token is
 * counted for every byte, the most there can be.  Vectors are bags of words: texts that share words are near.
 */
import http from "node:http";
import crypto from "node:crypto";

const KEY = "sk-test-0123456789";
const MODELS = { "text-embedding-3-small": [1536, true], "text-embedding-3-large": [3072, true], "text-embedding-ada-002": [1536, false] };
const MAX_INPUTS = 2048, MAX_TOKENS = 8192, MAX_TOTAL = 300000;
const state = { plan: [], requests: [] };

const tokens = (input) => (Array.isArray(input) ? input.length : Buffer.byteLength(input));
const is_tokens = (value) => Array.isArray(value) && value.length > 0 && value.every((n) => Number.isInteger(n) && n >= 0);

/* null, or [message, param]. */
function refusal(body) {
	if (typeof body !== "object" || body === null || Array.isArray(body)) return ["We could not parse the JSON body of your request.", null];
	for (const name of Object.keys(body))
		if (!["model", "input", "encoding_format", "dimensions", "user"].includes(name)) return [`Unrecognized request argument supplied: ${name}`, name];
	if (typeof body.model !== "string") return ["you must provide a model parameter", "model"];
	if (body.input === undefined) return ["Missing required parameter: 'input'.", "input"];
	const inputs = typeof body.input === "string" || is_tokens(body.input) ? [body.input] : body.input;
	if (!Array.isArray(inputs) || inputs.length < 1 || inputs.length > MAX_INPUTS) return [`'$.input' is invalid: 1 to ${MAX_INPUTS} inputs.`, "input"];
	if (!inputs.every((one) => is_tokens(one) || (typeof one === "string" && one !== "")) || new Set(inputs.map((one) => typeof one)).size > 1)
		return ["'$.input' is invalid. Please check the API reference.", "input"];
	if (inputs.some((one) => tokens(one) > MAX_TOKENS)) return [`This model's maximum context length is ${MAX_TOKENS} tokens.`, "input"];
	if (inputs.reduce((sum, one) => sum + tokens(one), 0) > MAX_TOTAL) return [`Requested more than ${MAX_TOTAL} tokens per request.`, "input"];
	if (body.encoding_format !== undefined && !["float", "base64"].includes(body.encoding_format)) return ["'encoding_format' is invalid.", "encoding_format"];
	if (body.user !== undefined && typeof body.user !== "string") return ["'user' is invalid.", "user"];
	if (body.dimensions !== undefined) {
		const [most, shortens] = MODELS[body.model] ?? [0, false];
		if (!Number.isInteger(body.dimensions) || body.dimensions < 1) return ["'dimensions' is invalid.", "dimensions"];
		if (!shortens) return ["This model does not support specifying dimensions.", "dimensions"];
		if (body.dimensions > most) return [`Invalid value for 'dimensions' = ${body.dimensions}. Must be less than or equal to ${most}.`, "dimensions"];
	}
	return null;
}

function vector(input, dims) {
	const v = new Float32Array(dims);
	for (const word of String(input).toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
		v[crypto.createHash("md5").update(word).digest().readUInt32LE(0) % dims] += 1;
	if (v.every((x) => x === 0)) v[tokens(input) % dims] = 1;
	const length = Math.hypot(...v);
	return v.map((x) => x / length);
}

function answer(body, plan) {
	const dims = body.dimensions ?? MODELS[body.model][0];
	const inputs = typeof body.input === "string" || is_tokens(body.input) ? [body.input] : body.input;
	const as_base64 = body.encoding_format === "base64" && !plan.floats;
	const show = (v) => (as_base64 ? Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("base64") : [...v]);
	const data = inputs.map((input, index) => ({ object: "embedding", index, embedding: show(vector(input, dims)) }));
	const last = data.at(-1);
	if (plan.spoil === "missing") data.pop();
	if (plan.spoil === "twice") last.index = 0;
	if (plan.spoil === "index") delete last.index;
	if (plan.spoil === "short") last.embedding = show(vector("x", dims - 1));
	if (plan.spoil === "long") last.embedding = show(vector("x", dims + 1));
	if (plan.spoil === "null") last.embedding = [null, ...vector("x", dims).slice(1)];
	if (plan.spoil === "zero") last.embedding = show(new Float32Array(dims));
	if (plan.spoil === "text") last.embedding = "no base64!";
	if (plan.shuffle) data.reverse();
	const n = inputs.reduce((sum, one) => sum + tokens(one), 0);
	return { object: "list", ...(plan.spoil !== "no_data" && { data }), model: body.model, usage: { prompt_tokens: n, total_tokens: n } };
}

function send(res, status, value, headers = {}) {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	res.writeHead(status, { "content-type": "application/json", "x-request-id": `req_${crypto.randomBytes(8).toString("hex")}`, ...headers });
	res.end(text);
}
const send_error = (res, status, message, param = null, code = null, type = "invalid_request_error", headers = {}) =>
	send(res, status, { error: { message, type, param, code } }, headers);

function judge(req, res, text, plan) {
	let body;
	if (plan.html) return send(res, 200, "<html>Bad gateway</html>", { "content-type": "text/html" });
	if (plan.garbage) return send(res, 200, '{"object":"list","data":[{');
	if (plan.empty) return send(res, 200, "");
	if (plan.status) return send_error(res, plan.status, plan.message ?? "as planned", null, plan.code ?? null, plan.type ?? "server_error", plan.headers);
	if (req.headers.authorization !== `Bearer ${KEY}`) return send_error(res, 401, "Incorrect API key provided.", null, "invalid_api_key");
	if (!/^application\/json\b/.test(req.headers["content-type"] ?? "")) return send_error(res, 400, "The content type must be application/json.");
	try {
		body = JSON.parse(text);
	} catch {
		return send_error(res, 400, "We could not parse the JSON body of your request.");
	}
	const why = refusal(body);
	if (why) return send_error(res, 400, why[0], why[1]);
	if (plan.refuse_format && body.encoding_format) return send_error(res, 400, "Unknown field: encoding_format", "encoding_format");
	if (!MODELS[body.model]) return send_error(res, 404, `The model '${body.model}' does not exist.`, null, "model_not_found");
	const whole = JSON.stringify(answer(body, plan));
	if (!plan.cut) return send(res, 200, whole);
	res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(whole) });
	res.write(whole.slice(0, whole.length / 2), () => req.socket.destroy());
}

function control(req, res, text) {
	if (req.method === "POST" && req.url === "/control/plan") state.plan = JSON.parse(text);
	else if (req.method === "GET" && req.url === "/control/requests") return send(res, 200, state.requests);
	else if (req.method === "DELETE" && req.url === "/control/requests") state.requests = [];
	else return send_error(res, 404, "no such control");
	send(res, 200, {});
}

const server = http.createServer((req, res) => {
	const parts = [];
	req.on("data", (part) => parts.push(part));
	req.on("end", () => {
		const text = new TextDecoder("utf-8", { fatal: false }).decode(Buffer.concat(parts));
		if (req.url.startsWith("/control/")) return control(req, res, text);
		if (req.method !== "POST" || req.url !== "/v1/embeddings") return send_error(res, 404, `Invalid URL (${req.method} ${req.url})`);
		const plan = state.plan.shift() ?? {};
		let body = null;
		try { body = JSON.parse(text); } catch { /* judged below */ }
		state.requests.push({ headers: req.headers, body, at_ms: Date.now() });
		if (plan.hang) return;
		if (plan.reset) return req.socket.destroy();
		setTimeout(() => judge(req, res, text, plan), plan.delay_ms ?? 0);
	});
});
const port = process.argv[2] === "--port" ? Number(process.argv[3]) : 0;
server.listen(port, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
