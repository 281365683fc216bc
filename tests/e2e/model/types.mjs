// Holds requests that our server made to the types of Anthropic's own client:
//   types.mjs REQUESTS.json FOLDER      FOLDER has the node_modules
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const [file, folder] = process.argv.slice(2);
const requests = JSON.parse(fs.readFileSync(file, "utf8"));
// Different shapes only: the texts in them make no difference.
const shape = (v) => (Array.isArray(v) ? v.map(shape) : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, ["type", "role", "model"].includes(k) ? x : shape(x)])) : typeof v);
const different = [...new Map(requests.map((r) => [JSON.stringify(shape(r)), r])).values()];
const lines = [
  'import type { MessageCreateParamsNonStreaming, MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";',
  ...different.map((r, i) => `export const r${i}: MessageCreateParams${r.stream ? "" : "Non"}Streaming = ${JSON.stringify(r)};`),
];
if (different.length < 4) throw new Error(`only ${different.length} different requests in ${file}`);
const source = path.join(folder, "requests.ts");
const config = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", source];

function typeCheck(text) {
  fs.writeFileSync(source, text);
  try {
    execFileSync(path.join(folder, "node_modules/.bin/tsc"), config, { cwd: folder, encoding: "utf8" });
    return "";
  } catch (e) {
    return e.stdout || String(e);
  }
}

const wrong = typeCheck(lines.join("\n"));
if (wrong) {
  console.log(wrong);
  process.exit(1);
}
// The check itself can fail: a request with a field that is none does.
const broken = JSON.stringify({ ...different[0], max_token: 1 });
if (!typeCheck(`${lines[0]}\nexport const r: MessageCreateParams${different[0].stream ? "" : "Non"}Streaming = ${broken};`))
  throw new Error("a wrong request passed");
console.log(`ok ${different.length} different requests of ${requests.length} are what the client's types say`);
