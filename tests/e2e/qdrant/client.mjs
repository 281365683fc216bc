/*
 * client.mjs: Qdrant's own client for JavaScript works with the double as with a Qdrant. It validates nothing in our favour: nobody here
 * wrote it, and what it sends is judged as strictly as what we send.
 *
 *   client.mjs URL FOLDER      FOLDER: where tests/support/qdrant/install put it
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { QdrantClient } = require("@qdrant/js-client-rest");
const client = new QdrantClient({ url, checkCompatibility: false });
let passed = 0, failed = 0;

async function test(name, body) {
	try {
		await body();
		passed++;
	} catch (e) {
		failed++;
		console.log(`FAILED ${name}: ${e.message} ${e.data ? JSON.stringify(e.data) : ""}`);
	}
}

const ids = (points) => points.map((p) => p.id);
const point = (id, text, words, payload) => ({ id, vector: { ...(text ? { text } : {}), ...(words ? { words } : {}) }, payload });
const must = (...conditions) => ({ must: conditions });
const is = (key, value) => ({ key, match: { value } });

await test("collections", async () => {
	await client.createCollection("talks_1", { vectors: { text: { size: 2, distance: "Cosine" } }, sparse_vectors: { words: {} }, hnsw_config: { m: 0, payload_m: 16 } });
	assert.deepEqual(await client.collectionExists("talks_1"), { exists: true });
	assert.deepEqual(await client.collectionExists("talks_2"), { exists: false });
	await assert.rejects(client.createCollection("talks_1", { vectors: {} }), /Conflict|exists/i);
	const info = await client.getCollection("talks_1");
	assert.equal(info.status, "green");
	assert.equal(info.config.params.vectors.text.size, 2);
	assert.ok((await client.getCollections()).collections.some((c) => c.name === "talks_1"));
});

await test("payload indexes", async () => {
	await client.createPayloadIndex("talks_1", { field_name: "tenant", field_schema: { type: "keyword", is_tenant: true }, wait: true });
	await client.createPayloadIndex("talks_1", { field_name: "start", field_schema: "datetime", wait: true });
	await client.createPayloadIndex("talks_1", { field_name: "rank", field_schema: { type: "integer", lookup: false, range: true }, wait: true });
	const { payload_schema: schema } = await client.getCollection("talks_1");
	assert.deepEqual(Object.keys(schema).sort(), ["rank", "start", "tenant"]);
	assert.equal(schema.start.data_type, "datetime");
});

await test("points", async () => {
	const done = await client.upsert("talks_1", {
		wait: true,
		points: [
			point(1, [1, 0], { indices: [3, 5], values: [1, 2] }, { tenant: "a", group: "x", rank: 2, start: "2026-01-31T08:00:00Z" }),
			point(2, [0.6, 0.8], { indices: [5], values: [1] }, { tenant: "a", group: "x", rank: 1, start: "2026-01-31T10:00:00+01:00" }),
			point(3, [0, 2], null, { tenant: "a", group: "y", rank: 3 }),
			point(4, null, { indices: [3], values: [4] }, { tenant: "b", group: "y", rank: 4 }),
		],
	});
	assert.equal(done.status, "completed");
	assert.equal((await client.count("talks_1", { exact: true })).count, 4);
	assert.equal((await client.count("talks_1", { filter: must(is("tenant", "a")) })).count, 3);
	const [two] = await client.retrieve("talks_1", { ids: [2, 99], with_payload: ["rank"], with_vector: ["text"] });
	assert.deepEqual(two.payload, { rank: 1 });
	assert.ok(Math.abs(two.vector.text[1] - 0.8) < 1e-6);
	await assert.rejects(client.upsert("talks_1", { points: [point(9, [1, 2, 3], null, {})] }), /Bad Request/);
	await assert.rejects(client.count("nowhere"), /Not Found/);
});

await test("queries", async () => {
	const near = await client.query("talks_1", { query: [1, 0.1], using: "text", filter: must(is("tenant", "a")), params: { exact: true }, limit: 2, with_payload: true });
	assert.deepEqual(ids(near.points), [1, 2]);
	assert.equal(near.points[0].payload.rank, 2);
	const words = await client.query("talks_1", { query: { indices: [3, 5], values: [1, 1] }, using: "words" });
	assert.deepEqual(words.points.map((p) => [p.id, p.score]), [[4, 4], [1, 3], [2, 1]]);
	const timed = await client.query("talks_1", { query: [1, 0], using: "text", filter: must({ key: "start", range: { gte: "2026-01-31T08:30:00Z" } }) });
	assert.deepEqual(ids(timed.points), [2]);
	const again = await client.query("talks_1", {
		prefetch: { query: { indices: [5], values: [1] }, using: "words", limit: 1 }, query: [0, 1], using: "text",
	});
	assert.deepEqual(ids(again.points), [1]);
	const fused = await client.query("talks_1", {
		prefetch: [{ query: [1, 0], using: "text", limit: 3 }, { query: { indices: [5], values: [1] }, using: "words", limit: 3 }], query: { fusion: "rrf" },
	});
	assert.equal(fused.points[0].id, 1);
	const [one, other] = await client.queryBatch("talks_1", { searches: [{ query: [1, 0], using: "text", limit: 1 }, { query: [0, 1], using: "text", limit: 1 }] });
	assert.deepEqual([...ids(one.points), ...ids(other.points)], [1, 3]);
});

await test("groups", async () => {
	const { groups } = await client.queryGroups("talks_1", { query: [1, 0], using: "text", group_by: "group", group_size: 2, limit: 5 });
	assert.deepEqual(groups.map((g) => [g.id, ids(g.hits)]), [["x", [1, 2]], ["y", [3]]]);
});

await test("scrolling", async () => {
	const first = await client.scroll("talks_1", { limit: 3 });
	assert.deepEqual(ids(first.points), [1, 2, 3]);
	assert.deepEqual(ids((await client.scroll("talks_1", { limit: 3, offset: first.next_page_offset })).points), [4]);
	const ordered = await client.scroll("talks_1", { order_by: { key: "rank" }, filter: must(is("tenant", "a")) });
	assert.deepEqual(ids(ordered.points), [2, 1, 3]);
	assert.equal(ordered.points[0].order_value, 1);
});

await test("aliases", async () => {
	await client.createCollection("talks_2", { vectors: { text: { size: 2, distance: "Cosine" } } });
	await client.updateCollectionAliases({ actions: [{ create_alias: { alias_name: "talks", collection_name: "talks_1" } }] });
	assert.equal((await client.count("talks")).count, 4);
	await client.updateCollectionAliases({
		actions: [{ delete_alias: { alias_name: "talks" } }, { create_alias: { alias_name: "talks", collection_name: "talks_2" } }],
	});
	assert.equal((await client.count("talks")).count, 0);
	assert.deepEqual((await client.getAliases()).aliases, [{ alias_name: "talks", collection_name: "talks_2" }]);
});

await test("removing", async () => {
	await client.setPayload("talks_1", { wait: true, payload: { seen: true }, points: [1] });
	assert.equal((await client.retrieve("talks_1", { ids: [1] }))[0].payload.seen, true);
	await client.delete("talks_1", { wait: true, filter: must(is("tenant", "b")) });
	await client.delete("talks_1", { wait: true, points: [3] });
	assert.equal((await client.count("talks_1")).count, 2);
	assert.equal(await client.deleteCollection("talks_2"), true);
	assert.deepEqual((await client.getAliases()).aliases, []);
});

const seen = await (await fetch(`${url}/fake/seen`)).json();
await test("nothing that it sent was refused as not Qdrant's", () => assert.deepEqual(seen.refused, []));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
