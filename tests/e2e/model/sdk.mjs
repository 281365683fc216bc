// Drives the double with Anthropic's own client, so that it cannot drift to suit us:
//   sdk.mjs FAKE_URL
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const url = process.argv[2];
const client = new Anthropic({ baseURL: url, apiKey: "sk-ant-test" });
const model = "claude-sonnet-5-5";
const hello = { model, max_tokens: 100, messages: [{ role: "user", content: "Hello" }] };
const plan = (...behaviours) => fetch(`${url}/control/plan`, { method: "POST", body: JSON.stringify(behaviours) });
const count = async () => (await (await fetch(`${url}/control/requests`)).json()).length;
const cases = [];
const test = (name, run) => cases.push({ name, run });

test("a message", async () => {
  const { data, request_id: requestId } = await client.messages.create(hello).withResponse();
  assert.equal(data.content[0].type, "text");
  assert.ok(data.content[0].text.length > 0 && data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
  assert.equal(data.stop_reason, "end_turn");
  assert.match(requestId, /^req_/);
});

test("a stream: events in order, cumulative usage, the whole message", async () => {
  const kinds = [];
  const stream = client.messages.stream(hello).on("streamEvent", (e) => kinds.push(e.type));
  const message = await stream.finalMessage();
  assert.equal(kinds[0], "message_start");
  assert.deepEqual(kinds.slice(-3), ["content_block_stop", "message_delta", "message_stop"]);
  assert.equal(await stream.finalText(), message.content[0].text);
  assert.ok(message.usage.output_tokens > 1);
});

test("tools: a call, its result, an answer from it", async () => {
  const facts = { results: [{ handle: "s1", name: "Tides", start: "2027-05-20T10:00:00+02:00", end: "2027-05-20T10:45:00+02:00" }] };
  const tools = [{ name: "conference_records", description: "x", input_schema: { type: "object", properties: {} } }];
  const message = await client.messages.stream({
    ...hello, tools, tool_choice: { type: "none" },
    messages: [
      { role: "user", content: "When?" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "conference_records", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: JSON.stringify(facts) }, { type: "text", text: "Now." }] },
    ],
  }).finalMessage();
  assert.match(message.content[0].text, /\[\[s1\]\].*10:00–10:45/);
});

test("thinking and unknown events are no hindrance", async () => {
  await plan({ noise: true, text: "Fine." });
  const message = await client.messages.create({ ...hello, stream: true });
  let text = "";
  for await (const e of message) if (e.type === "content_block_delta" && e.delta.type === "text_delta") text += e.delta.text;
  assert.equal(text, "Fine.");
});

test("structured output", async () => {
  const schema = { type: "object", additionalProperties: false, required: ["language"], properties: { language: { type: "string" } } };
  const message = await client.messages.create({ ...hello, output_config: { effort: "low", format: { type: "json_schema", schema } } });
  assert.equal(JSON.parse(message.content[0].text).language, "en");
});

test("errors are of the classes they should be", async () => {
  const classes = {
    400: Anthropic.BadRequestError, 401: Anthropic.AuthenticationError, 403: Anthropic.PermissionDeniedError, 404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError, 500: Anthropic.InternalServerError, 529: Anthropic.InternalServerError,
  };
  for (const [status, kind] of Object.entries(classes)) {
    await plan({ status: Number(status), error: "because" });
    await assert.rejects(client.messages.create(hello, { maxRetries: 0 }), (e) => {
      assert.ok(e instanceof kind, `${status}: ${e.constructor.name}`);
      assert.equal(e.error.error.message, "because");
      return e.requestID?.startsWith("req_");
    });
  }
});

test("what may pass is tried again, after the pause that was asked for", async () => {
  await plan({ status: 529 }, { status: 429, headers: { "retry-after-ms": "300" } });
  const before = await count(), began = Date.now();
  await client.messages.create(hello);
  assert.equal((await count()) - before, 3);
  assert.ok(Date.now() - began >= 300);
});

test("an error event in a stream", async () => {
  await plan({ cut_after: 1, how: "error", text: "Some words to break" });
  await assert.rejects(client.messages.stream(hello, { maxRetries: 0 }).finalMessage(), (e) => e instanceof Anthropic.APIError && /overloaded/i.test(e.message));
});

test("a connection that breaks in a stream", async () => {
  await plan({ cut_after: 1, how: "reset", text: "Some words to break" });
  await assert.rejects(client.messages.stream(hello, { maxRetries: 0 }).finalMessage());
});

test("a refusal, and too many tokens", async () => {
  for (const reason of ["refusal", "max_tokens"]) {
    await plan({ stop_reason: reason });
    assert.equal((await client.messages.stream(hello).finalMessage()).stop_reason, reason);
  }
});

test("what newer models refuse", async () => {
  const wrong = [
    { temperature: 0.5 }, { tool_choice: { type: "any" }, tools: [{ name: "x", input_schema: { type: "object" } }] },
    { thinking: { type: "disabled" } }, { messages: [...hello.messages, { role: "assistant", content: "It" }] }, { extra: 1 },
    { messages: [{ role: "assistant", content: "It" }] }, { max_tokens: 0 }, { model: "claude-haiku-5-5", thinking: { type: "between_tools" } },
    { messages: [{ role: "user", content: " " }] }, { output_config: { effort: "none" } },
    { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "x", content: "" }] }] },
  ];
  for (const more of wrong)
    await assert.rejects(client.messages.create({ ...hello, ...more }), Anthropic.BadRequestError, JSON.stringify(more));
  await assert.rejects(client.messages.create({ ...hello, model: "claude-2" }), Anthropic.NotFoundError);
});

test("long prefixes are kept", async () => {
  const body = { ...hello, system: [{ type: "text", text: "x".repeat(4000), cache_control: { type: "ephemeral" } }] };
  assert.ok((await client.messages.create(body)).usage.cache_creation_input_tokens > 512);
  assert.ok((await client.messages.create(body)).usage.cache_read_input_tokens > 512);
});

test("models are listed", async () => {
  const names = [];
  for await (const m of client.models.list()) names.push(m.id);
  assert.ok(names.includes(model));
  assert.equal((await client.models.retrieve(model)).id, model);
});

let failed = 0;
for (const { name, run } of cases) {
  try {
    await plan();
    await run();
    console.log(`ok ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAILED ${name}: ${e.stack}`);
  }
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
