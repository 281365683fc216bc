#!/usr/bin/env node
// A server that speaks Anthropic's Messages API, strict about what it takes (check.mjs) and failing on demand.
//
//   fake.mjs [--port N]            prints "listening on N"
//   POST   /control/plan           [{...}, ...]: one behaviour for each request to come; then all goes well again
//   POST   /control/always         {...}: what holds for every request without a plan
//   GET    /control/requests       what was asked: [{headers, body, at_ms, first_ms, closed_ms, whole}]
//   DELETE /control/requests
//   GET    /control/pings          how often models were asked for
//
// A behaviour: "echo" words that name what the question has behind "#" (echoOf); "for" ("stream" | "json": only such requests take it), "model" (the same), "delay_ms", "pace_ms" (between pieces),
// "status" with "error", "details", "headers" and "html"; "hang"; "text"; "json"; "stop_reason"; "cut_after" pieces with "how"
// ("reset" | "end" | "error" | "silence") and "error"; "begin" ("go_on" | "repeat" | "anew") of a continuation; "noise"; "garbage"; "linger".
import crypto from "node:crypto";
import http from "node:http";
import { check, MODELS } from "./check.mjs";

const state = { pings: 0, plan: [], always: {}, requests: [], kept: new Set() };
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const id = (prefix) => prefix + crypto.randomBytes(12).toString("hex");
const ERRORS = {
  400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
  413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 503: "api_error", 504: "timeout_error", 529: "overloaded_error",
};

function sendError(res, requestId, status, message, details, headers = {}) {
  const error = { type: ERRORS[status] ?? "api_error", message, ...(details && { details }) };
  res.writeHead(status, { "content-type": "application/json", "request-id": requestId, ...headers });
  res.end(JSON.stringify({ type: "error", error, request_id: requestId }));
}

// --- What it says ---------------------------------------------------------------------------------

const allBlocks = (body) => body.messages.flatMap((m) => (Array.isArray(m.content) ? m.content : [{ type: "text", text: m.content }]));

// From the records alone, as the real one is told to.
function answerText(body) {
  const result = allBlocks(body).findLast((b) => b.type === "tool_result");
  if (!result) return "Hello! Ask me about the conference.";
  const facts = JSON.parse(result.content);
  const lines = (facts.results ?? []).slice(0, 4).map((r) => {
    const time = r.start ? ` ${r.start.slice(0, 10)}, ${r.start.slice(11, 16)}–${(r.end ?? "").slice(11, 16)}` : "";
    return `- **[[${r.handle}]]**:${time}${r.location ? `, ${r.location}` : ""}`;
  });
  const pages = (facts.info ?? []).map((i) => `[[${i.handle}]] says: ${(i.passages ?? [])[0] ?? ""}`);
  if (lines.length) return `This is what the programme has for you:\n\n${lines.join("\n")}`;
  return pages.join("\n\n") || "The programme says nothing about that, I am afraid.";
}

// So many words, different for every question that has a "#name".
const echoOf = (name, words) => Array.from({ length: words }, (_, i) => `${name}-${i}`).join(" ") + ".";
const nameIn = (body) => allBlocks(body).flatMap((b) => (b.type === "text" ? b.text.match(/#(\w+)/g) ?? [] : [])).at(-1)?.slice(1) ?? "nobody";

function answerJson(body) {
  const question = body.messages.filter((m) => m.role === "user").at(-1).content;
  const text = typeof question === "string" ? question : question.find((b) => b.type === "text").text;
  return { language: "en", question: text, follow_up: false, intent: "session_search" };
}

// A continuation: what was said stands behind the tool's result.
function saidBefore(body) {
  const m = body.messages;
  const at = m.at(-1).role === "assistant" ? m.at(-1) : m.at(-2);
  if (m.length < 2 || at.role !== "assistant" || !m.some((x) => Array.isArray(x.content) && x.content.some((b) => b.type === "tool_result"))) return "";
  const content = typeof at.content === "string" ? [{ type: "text", text: at.content }] : at.content;
  return content.every((b) => b.type === "text") ? content.map((b) => b.text).join("") : "";
}

function goOn(text, said, begin) {
  if (!said) return text;
  if (!text.startsWith(said)) return " (it went on from something it had not said)";
  if (begin === "anew") return text;
  const words = said.split(/(?<=\s)/);
  return (begin === "repeat" ? words.slice(-3).join("") : "") + text.slice(said.length);
}

const pieces = (text) => text.match(/[\s\S]{1,5}/gu) ?? [];

// --- Tokens and the prompt cache --------------------------------------------------------------------

const tokens = (value) => Math.ceil(JSON.stringify(value ?? "").length / 4);

function usage(body, outputTokens) {
  const all = [...(body.tools ?? []), ...(Array.isArray(body.system) ? body.system : [body.system ?? ""]), ...allBlocks(body)];
  const least = MODELS[body.model].cacheMin;
  let read = 0, written = 0;
  for (const [i, block] of all.entries()) {
    const prefix = all.slice(0, i + 1).map(({ cache_control: _, ...rest }) => rest);
    const key = body.model + JSON.stringify(prefix);
    if (!block.cache_control || tokens(prefix) < least) continue;
    if (state.kept.has(key)) read = tokens(prefix);
    else written = tokens(prefix) - read;
    state.kept.add(key);
  }
  return {
    input_tokens: tokens(all) - read - written, output_tokens: outputTokens,
    cache_read_input_tokens: read, cache_creation_input_tokens: written,
  };
}

// --- Streaming --------------------------------------------------------------------------------------

function event(res, type, data) {
  res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

function noise(res) {
  res.write(": a comment\n\n");
  event(res, "ping", {});
  event(res, "a_new_kind_of_event", { hello: { text: "not for readers" } });
}

async function broken(res, behaviour, index, entry) {
  if (behaviour.cut_after === undefined || index < behaviour.cut_after) return false;
  const how = behaviour.how ?? "reset";
  if (how === "silence") await new Promise((closed) => res.on("close", closed));
  else if (how === "error") {
    event(res, "error", { error: { type: behaviour.error ?? "overloaded_error", message: "Overloaded" } });
    res.end();
  } else if (how === "end") res.end();
  else {
    await sleep(40); // a reset throws away what was not read yet
    res.socket?.resetAndDestroy();
  }
  entry.broke = true;
  return true;
}

async function stream(req, res, body, behaviour, entry) {
  const text = goOn(behaviour.text ?? (behaviour.echo ? echoOf(nameIn(body), behaviour.echo) : answerText(body)), saidBefore(body), behaviour.begin);
  const list = pieces(text);
  let block = 0;

  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "request-id": entry.request_id });
  const message = { id: id("msg_"), type: "message", role: "assistant", model: body.model, content: [], stop_reason: null, stop_sequence: null };
  event(res, "message_start", { message: { ...message, usage: usage(body, 1) } });
  if (behaviour.noise) {
    noise(res);
    event(res, "content_block_start", { index: block, content_block: { type: "thinking", thinking: "", signature: "" } });
    event(res, "content_block_delta", { index: block, delta: { type: "thinking_delta", thinking: "the visitor must not read this" } });
    event(res, "content_block_delta", { index: block, delta: { type: "signature_delta", signature: "abc" } });
    event(res, "content_block_stop", { index: block++ });
    event(res, "content_block_start", { index: block, content_block: { type: "a_new_block", text: "nor this" } });
    event(res, "content_block_stop", { index: block++ });
  }
  event(res, "content_block_start", { index: block, content_block: { type: "text", text: "" } });
  event(res, "ping", {});
  for (const [i, piece] of list.entries()) {
    if (await broken(res, behaviour, i, entry)) return;
    if (res.destroyed) return;
    if (behaviour.garbage && i === 3) res.write("event: content_block_delta\ndata: {not json\n\n");
    event(res, "content_block_delta", { index: block, delta: { type: "text_delta", text: piece } });
    entry.first_ms ??= Date.now();
    if (behaviour.noise && i % 3 === 0) event(res, "content_block_delta", { index: block, delta: { type: "new_delta", text: "nor that" } });
    if (behaviour.pace_ms) await sleep(behaviour.pace_ms);
  }
  if (await broken(res, behaviour, list.length, entry)) return;
  event(res, "content_block_stop", { index: block });
  event(res, "message_delta", { delta: { stop_reason: behaviour.stop_reason ?? "end_turn", stop_sequence: null }, usage: { output_tokens: tokens(text) } });
  event(res, "message_stop", {});
  entry.whole = true;
  if (!behaviour.linger) res.end();
}

// --- Requests ---------------------------------------------------------------------------------------

function behaviourFor(body) {
  const kind = body.stream ? "stream" : "json";
  const fits = (b) => (!b.for || b.for === kind) && (!b.model || b.model === body.model);
  const at = state.plan.findIndex(fits);
  if (at >= 0) return state.plan.splice(at, 1)[0];
  return fits(state.always) ? state.always : {};
}

function refuseHeaders(req, hasBody = true) {
  if (!["2023-06-01", "2026-10-21"].includes(req.headers["anthropic-version"])) return [400, "anthropic-version: header is required"];
  if (hasBody && !req.headers["content-type"]?.startsWith("application/json")) return [400, "content-type: must be application/json"];
  const key = req.headers["x-api-key"] ?? req.headers.authorization?.replace(/^Bearer /, "");
  if (!key) return [401, "x-api-key header is required"];
  if (key === "wrong") return [401, "invalid x-api-key"];
  return null;
}

async function messages(req, res, text) {
  const requestId = id("req_");
  const entry = { request_id: requestId, headers: req.headers, at_ms: Date.now(), whole: false };
  let body;

  state.requests.push(entry);
  res.on("close", () => (entry.closed_ms = Date.now()));
  const refused = refuseHeaders(req);
  if (refused) return sendError(res, requestId, ...refused);
  try {
    body = JSON.parse(text);
  } catch {
    return sendError(res, requestId, 400, "The request body is not valid JSON");
  }
  entry.body = body;
  if (!MODELS[body.model]) return sendError(res, requestId, 404, `model: ${body.model}`);
  const wrong = check(body);
  if (wrong) {
    entry.wrong = wrong;
    return sendError(res, requestId, 400, wrong);
  }
  const b = behaviourFor(body);
  if (b.hang) return undefined;
  if (b.delay_ms) await sleep(b.delay_ms);
  if (b.status) {
    if (b.html) return res.writeHead(b.status, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    return sendError(res, requestId, b.status, b.error ?? "It was planned.", b.details, b.headers);
  }
  if (body.stream) return stream(req, res, body, b, entry);
  const said = typeof b.json === "string" ? b.json : JSON.stringify(b.json ?? answerJson(body));
  const content = [{ type: "text", text: body.output_config?.format || b.json ? said : b.text ?? answerText(body) }];
  res.writeHead(200, { "content-type": "application/json", "request-id": requestId });
  res.end(JSON.stringify({
    id: id("msg_"), type: "message", role: "assistant", model: body.model, content,
    stop_reason: b.stop_reason ?? "end_turn", stop_sequence: null, usage: usage(body, tokens(said)),
  }));
  entry.whole = true;
  return undefined;
}

const modelInfo = (name) => ({ type: "model", id: name, display_name: name, created_at: "2026-01-01T00:00:00Z" });

function models(req, res, name) {
  const requestId = id("req_");
  state.pings++;
  const refused = refuseHeaders(req, false);
  if (refused) return sendError(res, requestId, ...refused);
  if (name && !MODELS[name]) return sendError(res, requestId, 404, `model: ${name}`);
  const all = Object.keys(MODELS);
  const body = name ? modelInfo(name) : { data: all.map(modelInfo), has_more: false, first_id: all[0], last_id: all.at(-1) };
  res.writeHead(200, { "content-type": "application/json", "request-id": requestId });
  return res.end(JSON.stringify(body));
}

function control(req, res, path, text) {
  if (path === "plan") state.plan = JSON.parse(text);
  else if (path === "always") state.always = JSON.parse(text);
  else if (req.method === "DELETE") {
    state.requests = [];
    state.pings = 0;
  }
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify(path === "requests" ? state.requests : path === "pings" ? state.pings : {}));
}

const server = http.createServer(async (req, res) => {
  const path = req.url.split("?")[0];
  let text = "";

  req.setEncoding("utf8");
  for await (const chunk of req) text += chunk;
  if (path.startsWith("/control/")) control(req, res, path.slice(9), text);
  else if (path === "/v1/messages" && req.method === "POST") await messages(req, res, text);
  else if (path === "/v1/models") models(req, res, null);
  else if (path.startsWith("/v1/models/")) models(req, res, decodeURIComponent(path.slice(11)));
  else sendError(res, id("req_"), 404, `${path} was not found`);
});
const port = process.argv.includes("--port") ? Number(process.argv[process.argv.indexOf("--port") + 1]) : 0;
server.keepAliveTimeout = 60000;
server.listen(port, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));
