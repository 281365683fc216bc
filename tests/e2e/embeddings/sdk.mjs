/*
 * sdk.mjs - drives the double (tests/support/openai/fake.mjs) with OpenAI's own client, so that it cannot drift to suit us.
 *
 *	sdk.mjs FAKE_URL
 */
import assert from "node:assert/strict";
import OpenAI from "openai";

const url = process.argv[2];
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test-0123456789", maxRetries: 0, timeout: 1500 });
const ask = { model: "text-embedding-3-small", input: ["Where is lunch?", "Lunch is in hall 2", "A compiler"] };
const plan = (...behaviours) => fetch(`${url}/control/plan`, { method: "POST", body: JSON.stringify(behaviours) });
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const cases = [];
const test = (name, run) => cases.push({ name, run });

test("vectors, as the client asks for them (base64) and as floats", async () => {
	const one = await client.embeddings.create(ask), two = await client.embeddings.create({ ...ask, encoding_format: "float" });
	assert.equal(one.object, "list");
	assert.deepEqual(one.data.map(({ index }) => index), [0, 1, 2]);
	for (const { embedding } of two.data) assert.ok(embedding.length === 1536 && Math.abs(Math.hypot(...embedding) - 1) < 1e-5);
	one.data.forEach(({ embedding }, i) => embedding.forEach((x, j) => assert.ok(Math.abs(x - two.data[i].embedding[j]) < 1e-6)));
	assert.ok(dot(two.data[0].embedding, two.data[1].embedding) > dot(two.data[0].embedding, two.data[2].embedding));
	assert.ok(one.usage.prompt_tokens > 0 && one.usage.total_tokens === one.usage.prompt_tokens);
});

test("one string, tokens, lists of tokens, fewer dimensions", async () => {
	assert.equal((await client.embeddings.create({ ...ask, input: "x" })).data.length, 1);
	assert.equal((await client.embeddings.create({ ...ask, input: [1, 2, 3] })).data.length, 1);
	assert.equal((await client.embeddings.create({ ...ask, input: [[1, 2], [3]] })).data.length, 2);
	assert.equal((await client.embeddings.create({ ...ask, dimensions: 256, encoding_format: "float" })).data[0].embedding.length, 256);
	assert.equal((await client.embeddings.create({ ...ask, model: "text-embedding-3-large", encoding_format: "float" })).data[0].embedding.length, 3072);
});

const refused = {
	"no input": { input: undefined }, "an empty string": { input: "" }, "an empty string in a list": { input: ["a", ""] }, "an empty list": { input: [] },
	"2,049 inputs": { input: Array(2049).fill("a") }, "an input of 8,193 tokens": { input: "a".repeat(8193) },
	"300,001 tokens in all": { input: Array(37).fill("a".repeat(8109)) }, "strings and tokens mixed": { input: ["a", [1]] },
	"an unknown format": { encoding_format: "int8" }, "no dimensions": { dimensions: 0 }, "too many dimensions": { dimensions: 1537 },
	"dimensions of a model that has its own": { model: "text-embedding-ada-002", dimensions: 256 }, "an unknown argument": { truncate: true },
};
for (const [name, change] of Object.entries(refused))
	test(`refused: ${name}`, async () => {
		const { status, error, type } = await client.embeddings.create({ encoding_format: "float", ...ask, ...change }).then(() => ({}), (e) => e);
		assert.ok(status === 400 && error.message && type === "invalid_request_error", JSON.stringify({ status, error }));
	});

test("as much as is allowed is taken", async () => {
	assert.equal((await client.embeddings.create({ ...ask, dimensions: 1, input: Array(2048).fill("a") })).data.length, 2048);
	assert.equal((await client.embeddings.create({ ...ask, dimensions: 1, input: Array(36).fill("a".repeat(8192)) })).data.length, 36);
});

test("a wrong key is 401, an unknown model 404", async () => {
	const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
	await assert.rejects(wrong.embeddings.create(ask), OpenAI.AuthenticationError);
	await assert.rejects(client.embeddings.create({ ...ask, model: "gpt-7" }), (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
});

test("failures on demand are the client's own errors", async () => {
	await plan({ status: 429, code: "rate_limit_exceeded", type: "requests", headers: { "retry-after-ms": "20" } });
	await assert.rejects(client.embeddings.create(ask), (e) => e instanceof OpenAI.RateLimitError && e.headers.get("retry-after-ms") === "20");
	await plan({ status: 429, code: "insufficient_quota", type: "insufficient_quota" });
	await assert.rejects(client.embeddings.create(ask), (e) => e.code === "insufficient_quota" && /^req_/.test(e.requestID));
	for (const status of [500, 502, 503]) {
		await plan({ status });
		await assert.rejects(client.embeddings.create(ask), (e) => e instanceof OpenAI.InternalServerError && e.status === status);
	}
	for (const one of [{ reset: true }, { cut: true }]) {
		await plan(one);
		await assert.rejects(client.embeddings.create(ask));
	}
	await plan({ hang: true });
	await assert.rejects(client.embeddings.create(ask), OpenAI.APIConnectionTimeoutError);
});

test("the client's own retries get through", async () => {
	const patient = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test-0123456789", maxRetries: 2 });
	await plan({ status: 503 }, { status: 429, headers: { "retry-after-ms": "10" } });
	assert.equal((await patient.embeddings.create(ask)).data.length, 3);
});

let failed = 0;
for (const { name, run } of cases) {
	try {
		await plan();
		await run();
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`FAILED ${name}: ${error.message?.slice(0, 400)}`);
	}
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
