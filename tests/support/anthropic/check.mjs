// What the Messages API takes: strict, so that a request of ours that real servers refuse is refused here.
// Returns null, or the sentence of an invalid_request_error.

// Models that differ: what a request to them may not carry.
export const MODELS = {
  "claude-haiku-5-5": { prefill: false, sampling: false, thinking: ["adaptive", "disabled"], cacheMin: 512 },
  "claude-sonnet-5-5": {
    prefill: false, sampling: false, forcedTool: false, thinking: ["adaptive", "between_tools"], cacheMin: 512,
  },
  "claude-haiku-4-5": { prefill: true, sampling: true, forcedTool: true, effort: false, thinking: ["enabled", "disabled"], cacheMin: 4096 },
};

function fields(value, known, required, at) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${at}: Input should be an object`;
  for (const name of required) if (value[name] === undefined) return `${at}.${name}: Field required`;
  for (const name of Object.keys(value)) if (!known.includes(name)) return `${at}.${name}: Extra inputs are not permitted`;
  return null;
}

function nonEmpty(text, at) {
  if (typeof text !== "string") return `${at}: Input should be a valid string`;
  return text.trim() ? null : `${at}: text content blocks must contain non-whitespace text`;
}

function cacheControl(block, at, count) {
  const c = block.cache_control;
  if (c === undefined || c === null) return null;
  count.n++;
  if (count.n > 4) return "A maximum of 4 blocks with cache_control may be provided.";
  if (c.type !== "ephemeral") return `${at}.cache_control.type: Input should be 'ephemeral'`;
  if (c.ttl !== undefined && !["5m", "1h"].includes(c.ttl)) return `${at}.cache_control.ttl: Input should be '5m' or '1h'`;
  return fields(c, ["type", "ttl"], ["type"], `${at}.cache_control`);
}

const BLOCKS = {
  text: (b, at) => fields(b, ["type", "text", "cache_control", "citations"], ["text"], at) ?? nonEmpty(b.text, at),
  tool_use: (b, at) => fields(b, ["type", "id", "name", "input", "cache_control", "caller"], ["id", "name", "input"], at) ??
    (/^[a-zA-Z0-9_-]+$/.test(b.id) ? null : `${at}.id: String should match pattern '^[a-zA-Z0-9_-]+$'`) ??
    (typeof b.input === "object" && b.input !== null ? null : `${at}.input: Input should be an object`),
  tool_result: (b, at) => fields(b, ["type", "tool_use_id", "content", "is_error", "cache_control"], ["tool_use_id"], at) ??
    (typeof b.content === "string" || Array.isArray(b.content) || b.content === undefined ? null : `${at}.content: Input should be a valid string`),
};
const OF_ROLE = { user: ["text", "tool_result"], assistant: ["text", "tool_use"] };

function message(m, at, count) {
  const wrong = fields(m, ["role", "content"], ["role", "content"], at);
  if (wrong) return wrong;
  if (!OF_ROLE[m.role]) return `${at}.role: Input should be 'user' or 'assistant'`;
  if (typeof m.content === "string") return nonEmpty(m.content, at);
  if (!Array.isArray(m.content) || !m.content.length) return `${at}.content: must not be empty`;
  let seenOther = false;
  for (const [i, block] of m.content.entries()) {
    const here = `${at}.content.${i}`;
    if (!OF_ROLE[m.role].includes(block?.type)) return `${here}: unexpected block type ${block?.type} for ${m.role}`;
    const bad = BLOCKS[block.type](block, `${here}.${block.type}`) ?? cacheControl(block, here, count);
    if (bad) return bad;
    if (block.type === "tool_result" && seenOther) return `${here}: tool_result blocks must come first`;
    seenOther ||= block.type !== "tool_result";
  }
  return null;
}

const blocks = (m) => (Array.isArray(m?.content) ? m.content : []);

// Each tool_use has its tool_result in the next message, and the other way round.
function toolPairs(messages) {
  for (const [i, m] of messages.entries()) {
    const uses = blocks(m).filter((b) => b.type === "tool_use").map((b) => b.id);
    const results = blocks(messages[i + 1]).filter((b) => b.type === "tool_result").map((b) => b.tool_use_id);
    for (const id of uses) if (!results.includes(id)) return `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${id}`;
    for (const id of results) if (!uses.includes(id)) return `messages.${i + 1}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`;
  }
  const orphan = blocks(messages[0]).find((b) => b.type === "tool_result");
  return orphan ? "messages.0: unexpected `tool_use_id`" : null;
}

// What structured outputs take of JSON Schema.
function outputSchema(s, at) {
  if (typeof s !== "object" || s === null) return `${at}: Input should be an object`;
  for (const name of ["minimum", "maximum", "minLength", "maxLength", "$ref"])
    if (s[name] !== undefined) return `${at}: '${name}' is not supported`;
  if (s.type === "object") {
    if (s.additionalProperties !== false) return `${at}: For 'object' type, 'additionalProperties' must be explicitly set to false`;
    for (const [name, below] of Object.entries(s.properties ?? {})) {
      const wrong = outputSchema(below, `${at}.properties.${name}`);
      if (wrong) return wrong;
    }
  }
  return s.items ? outputSchema(s.items, `${at}.items`) : null;
}

function output(body, traits) {
  const o = body.output_config;
  if (o === undefined) return null;
  const wrong = fields(o, ["effort", "format"], [], "output_config");
  if (wrong) return wrong;
  if (o.effort !== undefined) {
    if (traits.effort === false) return "output_config.effort: this model does not support the effort parameter";
    if (!["low", "medium", "high", "xhigh", "max"].includes(o.effort)) return "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
  }
  if (o.format === undefined) return null;
  if (o.format?.type !== "json_schema") return "output_config.format.type: Input should be 'json_schema'";
  return fields(o.format, ["type", "schema"], ["schema"], "output_config.format") ?? outputSchema(o.format.schema, "output_config.format.schema");
}

function tools(body, traits, count) {
  for (const [i, t] of (body.tools ?? []).entries()) {
    const wrong = fields(t, ["name", "description", "input_schema", "cache_control", "strict", "type"], ["name", "input_schema"], `tools.${i}`) ?? cacheControl(t, `tools.${i}`, count);
    if (wrong) return wrong;
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(t.name)) return `tools.${i}.name: String should match pattern`;
    if (t.input_schema?.type !== "object") return `tools.${i}.input_schema.type: Input should be 'object'`;
  }
  const choice = body.tool_choice;
  if (choice === undefined) return null;
  if (!body.tools) return "tool_choice: may only be specified while providing tools";
  if (!["auto", "any", "tool", "none"].includes(choice.type)) return "tool_choice.type: unknown";
  if (traits.forcedTool === false && ["any", "tool"].includes(choice.type)) return "tool_choice: this model does not support forced tool use";
  return null;
}

function modelRules(body, traits) {
  const last = body.messages.at(-1);
  for (const name of ["temperature", "top_p", "top_k"])
    if (body[name] !== undefined && !traits.sampling) return `${name}: this model does not support sampling parameters`;
  if (body.thinking && !traits.thinking.includes(body.thinking.type)) return `"thinking.type.${body.thinking.type}" is not supported for this model`;
  if (last.role !== "assistant") return null;
  if (!traits.prefill) return "This model does not support assistant message prefill. The conversation must end with a user message.";
  const text = typeof last.content === "string" ? last.content : last.content.at(-1)?.text ?? "";
  return /\s$/.test(text) ? "messages: final assistant content cannot end with trailing whitespace" : null;
}

const TOP = ["model", "max_tokens", "messages", "system", "stream", "tools", "tool_choice", "thinking", "output_config",
  "stop_sequences", "temperature", "top_p", "top_k", "metadata", "service_tier", "cache_control"];

export function check(body) {
  const traits = MODELS[body.model];
  const count = { n: 0 };
  let wrong = fields(body, TOP, ["model", "max_tokens", "messages"], "body");
  if (wrong) return wrong;
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return "max_tokens: Input should be greater than or equal to 1";
  if (!Array.isArray(body.messages) || !body.messages.length) return "messages: at least one message is required";
  if (typeof body.system !== "string")
    for (const [i, b] of (body.system ?? []).entries()) {
      wrong = b?.type === "text" ? BLOCKS.text(b, `system.${i}`) ?? cacheControl(b, `system.${i}`, count) : `system.${i}: only text`;
      if (wrong) return wrong;
    }
  if (body.messages[0].role !== "user") return "messages: first message must use the \"user\" role";
  for (const [i, m] of body.messages.entries()) {
    wrong = message(m, `messages.${i}`, count);
    if (wrong) return wrong;
  }
  if (body.messages.some((m) => blocks(m).some((b) => b.type === "tool_use" || b.type === "tool_result")) && !body.tools)
    return "Requests which include `tool_use` or `tool_result` blocks must define tools";
  return toolPairs(body.messages) ?? tools(body, traits, count) ?? output(body, traits) ?? modelRules(body, traits);
}
