/*
 * load.mjs - what a running erleah-server does under load, measured from outside.
 *
 *	load.mjs parked URL [--readers 200]		/health while that many event streams are open
 *	load.mjs chats URL PID [--chats 1000] [--parallel 16] [--any-memory]	answers a second, and whether memory grows
 *
 * `parked` wants a server with COMPOSER_PACE_MS=1000 or so, that its answers last; both want
 * RATE_LIMIT_ADDRESS_PER_HOUR=0. Prints `| what | number |` rows, checks, and `N passed, N failed`.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import http from "node:http";

const { values: options, positionals: [mode, url, pid] } = parseArgs({
	allowPositionals: true,
	options: {
		readers: { type: "string", default: "200" },
		chats: { type: "string", default: "1000" },
		parallel: { type: "string", default: "16" },
		"any-memory": { type: "boolean", default: false },
	},
});
const QUESTIONS = ["What is on now?", "Which sessions are about data?", "Who speaks about security?", "Is there Wi-Fi?",
	"What can I see tomorrow morning?", "Which exhibitors show robots?", "Where can I eat?", "Anything for beginners on Friday?"];

let passed = 0, failed = 0;
const row = (what, number) => console.log(`| ${what} | ${number} |`);
const check = (what, holds, seen) => {
	holds ? passed++ : failed++;
	console.log(`${holds ? "ok" : "FAILED"} ${what}${holds ? "" : `: ${JSON.stringify(seen)}`}`);
};
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const ms = (n) => `${n.toFixed(1)} ms`;

async function call(method, path, body, headers = {}) {
	const response = await fetch(url + path, {
		method, headers: { "content-type": "application/json", ...headers }, body: body && JSON.stringify(body),
	});
	const text = await response.text();
	if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
	return JSON.parse(text);
}

const conference = (await call("GET", "/items/conferences?limit=1")).data[0].id;

/* The visitor's two rows, made as the widget makes them. */
async function rows(question) {
	const conversation_id = randomUUID(), message_id = randomUUID();
	await call("POST", "/items/conversations", { id: conversation_id, conference_id: conference, user_created: "public-user", source: "mini", status: "active" });
	await call("POST", "/items/messages", { id: message_id, conversation_id, user_created: "public-user", role: "user", messageText: question, status: "completed" });
	return { conversation_id, message_id, conference_id: conference };
}

/* Opens an event stream and leaves it open; resolves when its head is there. */
function park(path, agent, streams) {
	return new Promise((resolve, reject) => {
		const request = http.get(url + path, { agent, headers: { accept: "text/event-stream" } }, (response) => {
			const stream = { open: response.statusCode === 200, bytes: 0 };
			response.on("data", (chunk) => { stream.bytes += chunk.length; });
			response.on("close", () => { stream.open = false; });
			streams.push(stream);
			resolve();
		});
		request.on("error", reject);
	});
}

async function health() {
	const begun = performance.now();
	await call("GET", "/health", undefined, { connection: "close" });
	return performance.now() - begun;
}

async function parked() {
	const readers = Number(options.readers), agent = new http.Agent({ maxSockets: Infinity }), streams = [], times = [];
	const before = [];
	for (let i = 0; i < 50; i++) before.push(await health());
	for (let i = 0; i < readers; i++) {
		const { assistant_message_id } = await call("POST", "/api/chat", await rows(QUESTIONS[i % QUESTIONS.length]));
		await park(`/api/chat/${assistant_message_id}/events`, agent, streams);
	}
	for (let i = 0; i < 200; i++) times.push(await health());
	const open = streams.filter((stream) => stream.open).length;
	row("/health on an idle server, p50 and p99", `${ms(percentile(before, 0.5))}, ${ms(percentile(before, 0.99))}`);
	row(`/health with ${open} event streams open, p50 and p99`, `${ms(percentile(times, 0.5))}, ${ms(percentile(times, 0.99))}`);
	check(`${readers} event streams are open while it is measured`, open === readers, open);
	check("/health answers within 50 ms, every time", Math.max(...times) < 50, Math.max(...times));
	agent.destroy();
}

const resident_kib = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

/* Runs that many chats; the times until the whole answer is there. */
async function run(chats, times) {
	let next = 0;
	const worker = async () => {
		for (let i = next++; i < chats; i = next++) {
			const body = await rows(QUESTIONS[i % QUESTIONS.length]);
			const begun = performance.now();
			const { message } = await call("POST", "/api/chat", body, { prefer: "wait=10" });
			times.push(performance.now() - begun);
			if (!message?.text) throw new Error("an answer without text");
		}
	};
	const begun = performance.now();
	await Promise.all(Array.from({ length: Number(options.parallel) }, worker));
	return performance.now() - begun;
}

async function chats() {
	const n = Number(options.chats), times = [];
	await run(Math.ceil(n / 2), []); /* caches fill, the allocator settles */
	const before = resident_kib();
	const took = await run(n, times);
	const after = resident_kib();
	row(`answers a second, ${options.parallel} visitors at once, with their rows`, (n / took * 1000).toFixed(0));
	row("from POST to the whole answer, p50 and p99", `${ms(percentile(times, 0.5))}, ${ms(percentile(times, 0.99))}`);
	row(`resident memory before and after ${n} chats`, `${(before / 1024).toFixed(1)} MiB, ${(after / 1024).toFixed(1)} MiB`);
	check("every chat was answered", times.length === n, times.length);
	if (!options["any-memory"]) check("memory does not grow with chats", after - before < 8 * 1024, `${after - before} KiB`);
}

try {
	await (mode === "parked" ? parked() : mode === "chats" ? chats() : Promise.reject(new Error("usage: load.mjs parked|chats URL [PID]")));
} catch (error) {
	check(mode, false, error.message);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
