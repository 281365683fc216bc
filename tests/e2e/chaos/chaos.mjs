/*
 * chaos.mjs - visitors who ask all the time while Redis, Directus, Qdrant and the model are killed and brought back in turn.
 *
 *	chaos.mjs WORK BUILD	WORK/directus: a real Directus with a conference; everything else is started here
 *
 * A visitor behaves as a page does: it makes its two rows in Directus, asks one of two servers, asks the other one when it gets no
 * answer or is told to come again, and reads the row until it is completed. The model's double says other words to every
 * question, so that each row tells whose answer it holds.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { Directus, check, finish, group, note, percentile, sleep } from "../directus/directus.mjs";

const [work, build] = process.argv.slice(2);
const ROOT = new URL("../../..", import.meta.url).pathname;
const directus = Directus.fromDirectory(`${work}/directus`);
const VISITORS = Number(process.env.VISITORS ?? 20);
const WORDS = 40;
const echoOf = (name) => Array.from({ length: WORDS }, (_, i) => `${name}-${i}`).join(" ") + ".";

const freePort = () => new Promise((done) => {
	const server = createServer().listen(0, "127.0.0.1", () => {
		const { port } = server.address();
		server.close(() => done(port));
	});
});

/* --- What is killed and brought back ------------------------------------------------------ */

class Service {
	constructor(name, upstream) {
		Object.assign(this, { name, upstream });
	}
	async start() {
		this.process = spawn(...this.command(), { stdio: ["ignore", "ignore", "inherit"] });
		for (let i = 0; i < 400 && !(await this.answers().catch(() => false)); i++) await sleep(25);
		await this.prepare?.();
	}
	async kill() {
		const gone = new Promise((done) => this.process.once("exit", done));
		this.process.kill("SIGKILL");
		await gone;
	}
}

class Redis extends Service {
	socket = `${work}/redis/redis.sock`;
	command() {
		rmSync(this.socket, { force: true });
		return ["redis-server", ["--port", "0", "--unixsocket", this.socket, "--save", "", "--dir", `${work}/redis`, "--loglevel", "warning", "--logfile", "redis.log"]];
	}
	answers() { return Promise.resolve(existsSync(this.socket)); }
}

class Fake extends Service {
	constructor(name, upstream, port, file, ...more) {
		super(name, upstream);
		Object.assign(this, { port, file, more, url: `http://127.0.0.1:${port}` });
	}
	command() { return ["node", [`${ROOT}/tests/support/${this.file}`, "--port", String(this.port), ...this.more]]; }
	async answers() { return (await fetch(`${this.url}/`)).status > 0; }
}

class Model extends Fake {
	async prepare() {
		await fetch(`${this.url}/control/always`, { method: "POST", body: JSON.stringify({ for: "stream", echo: WORDS, pace_ms: 30 }) });
	}
}

class RealDirectus extends Service {
	pid = () => Number(readFileSync(`${work}/directus/directus.pid`, "utf8"));
	async start() {
		await new Promise((done) => spawn(`${ROOT}/tests/support/directus/again`, [`${work}/directus`], { stdio: "inherit" }).once("exit", done));
	}
	async kill() { process.kill(this.pid(), "SIGKILL"); }
}

/* It takes connections and says nothing. */
class HangingDirectus extends RealDirectus {
	async start() { process.kill(this.pid(), "SIGCONT"); }
	async kill() { process.kill(this.pid(), "SIGSTOP"); }
}

/* --- The servers ------------------------------------------------------------------------------- */

function server(name, settings) {
	const words = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
	const done = spawnSync(`${ROOT}/tests/support/erleah/start`, [`${work}/${name}`, "--build", build, "--conference", "none", ...words],
		{ stdio: ["ignore", "inherit", "inherit"] });
	if (done.status !== 0) throw new Error(`server ${name} did not start`);
	const env = Object.fromEntries(readFileSync(`${work}/${name}/env`, "utf8").trim().split("\n").map((line) => line.split("=")));
	return env.ERLEAH_SERVER_URL;
}

const metrics = async (url) => Object.fromEntries((await (await fetch(`${url}/metrics`)).text()).split("\n").filter((line) => line && line[0] !== "#")
	.map((line) => { const at = line.lastIndexOf(" "); return [line.slice(0, at), Number(line.slice(at + 1))]; }));
const breaker = (all, upstream) => all[`erleah_breaker_state{upstream="${upstream}"}`];
const logs = () => ["a", "b"].flatMap((name) => readFileSync(`${work}/${name}/server.log`, "utf8").split("\n")
	.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)));

/* --- Visitors -------------------------------------------------------------------------------------- */

const state = { stop: false, phase: "before", chats: [], urls: [] };

/* A row of the visitor's own: made once, whatever becomes of the answer. */
async function make(path, row) {
	for (let i = 0; i < 600; i++) {
		const answer = await directus.call("POST", `/items/${path}?fields=id`, row, null).catch(() => null);
		if (answer && (answer.status < 300 || answer.code === "RECORD_NOT_UNIQUE")) return;
		if (answer && answer.status < 500 && answer.status !== 429) throw new Error(`${path}: ${answer.status} ${answer.text}`);
		await sleep(250);
	}
	throw new Error(`${path}: Directus did not take it`);
}

async function ask(chat) {
	for (let i = chat.n; ; i++) {
		const asked = { phase: state.phase, at: Date.now() };
		try {
			const response = await fetch(`${state.urls[i % 2]}/api/chat`, {
				method: "POST", headers: { "content-type": "application/json" }, signal: AbortSignal.timeout(40000),
				body: JSON.stringify({ conversation_id: chat.conversation, message_id: chat.message, conference_id: directus.conference }),
			});
			const body = await response.json();
			Object.assign(asked, { status: response.status, ms: Date.now() - asked.at, after: Number(response.headers.get("retry-after")), error: body.error });
			chat.id = body.assistant_message_id ?? chat.id;
		} catch (error) {
			asked.status = error.name === "TimeoutError" ? "hung" : error.cause?.code ?? error.message;
		}
		asked.ended = state.phase;
		chat.asked.push(asked);
		if (asked.status === 200) return;
		await sleep(asked.after ? Math.min(asked.after, 5) * 1000 : 500);
		if (Date.now() - chat.begun > 90000) return;
	}
}

async function watch(chat) {
	while (chat.id && Date.now() - chat.begun < 120000) {
		const answer = await directus.call("GET", `/items/messages?filter[id][_eq]=${chat.id}&fields=status,messageText`).catch(() => null);
		const row = answer?.data?.[0];
		if (row?.status === "completed") {
			chat.completed ??= Date.now();
			return;
		}
		await sleep(600);
	}
}

async function question(n, i) {
	const chat = { n, name: `v${n}q${i}`, conversation: randomUUID(), message: randomUUID(), asked: [], phase: state.phase, begun: Date.now() };
	state.chats.push(chat);
	await make("conversations", { id: chat.conversation, conference_id: directus.conference, user_created: "public-user" });
	await make("messages", { id: chat.message, conversation_id: chat.conversation, role: "user", status: "completed", user_created: "public-user",
		messageText: `What is on about energy? #${chat.name}` });
	return chat;
}

async function answer(chat) {
	await ask(chat);
	await watch(chat);
}

async function visitor(n) {
	await sleep(n * 150);
	for (let i = 0; !state.stop; i++) {
		await answer(await question(n, i));
		await sleep(300);
	}
}

/* --- The course of it ---------------------------------------------------------------------------- */

mkdirSync(`${work}/redis`);
const redis = new Redis("Redis", null);
const qdrant = new Fake("Qdrant", "qdrant", await freePort(), "qdrant/fake.mjs", "--stay", "--keep", `${work}/qdrant.keep`);
const model = new Model("the model", "anthropic", await freePort(), "anthropic/fake.mjs");
const real = new RealDirectus("Directus", "directus"), hanging = new HangingDirectus("Directus that hangs", "directus");
process.on("exit", () => [redis, qdrant, model].forEach((one) => one.process?.kill("SIGKILL")));
for (const one of [redis, qdrant, model]) await one.start();
const settings = {
	DIRECTUS_URL: directus.url, DIRECTUS_API_KEY: directus.service, REDIS_URL: `unix://${redis.socket}`, QDRANT_URL: qdrant.url,
	ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "sk-ant-test-0123456789", ERLEAH_EMBEDDER: "none", ERLEAH_NOW: "2027-05-20T09:00:00+02:00",
	RATE_LIMIT_ADDRESS_PER_HOUR: 0, LEASE_MS: 5000, CATALOG_CHECK_MS: 2000,
};
state.urls = ["a", "b"].map((name) => server(name, settings));
/* Until both have the conference and its index. */
for (const url of state.urls)
	for (let i = 0; i < 100 && (await fetch(`${url}/api/search?q=energy&conference_id=${directus.conference}`)).status !== 200; i++) await sleep(200);

const seen = {};
const upstreams = (await metrics(state.urls[0]).then((all) => Object.keys(all))).map((key) => /^erleah_breaker_state\{upstream="(.*)"\}$/.exec(key)?.[1]).filter(Boolean);
const running = Array.from({ length: VISITORS }, (_, n) => visitor(n).catch((error) => check(`visitor ${n} is there to the end`, false, error.message)));

await sleep(6000);
for (const [service, away_ms, then_ms] of [[redis, 4000, 4000], [real, 5000, 10000], [qdrant, 6000, 5000], [model, 7000, 10000], [hanging, 8000, 8000]]) {
	/* Whose rows are there already asks just when it goes. */
	const ready = await Promise.all(Array.from({ length: 6 }, (_, n) => question(100 + n, `${service.name.length}${away_ms}`)));
	state.phase = `${service.name} is away`;
	await service.kill();
	running.push(...ready.map(answer));
	await sleep(away_ms);
	seen[service.name] = await Promise.all(state.urls.map(metrics));
	const begun = Date.now();
	await service.start();
	state.phase = `${service.name} is back`;
	note(`${service.name}: away for ${away_ms + Date.now() - begun} ms`);
	await sleep(then_ms);
}
state.phase = "after";
await sleep(3000);
state.stop = true;
await Promise.all(running);

/* --- What came of it ------------------------------------------------------------------------------ */

const { chats } = state;
const began = new Map();
for (const line of logs()) if (line.event === "turn.began") began.set(line.reply, (began.get(line.reply) ?? 0) + 1);

await group("answers", async () => {
	const odd = { lost: [], twice: [], open: [], other: [], turns: [] }, modes = {};
	for (const chat of chats) {
		const rows = (await directus.must("GET", `/items/messages?filter[conversation_id][_eq]=${chat.conversation}&filter[role][_eq]=assistant`));
		const row = rows[0], outcome = `${row?.metadata?.outcome} ${row?.metadata?.mode}`;
		modes[`${chat.phase}: ${outcome}`] = (modes[`${chat.phase}: ${outcome}`] ?? 0) + 1;
		if (!row) { odd.lost.push(chat); continue; }
		if (rows.length > 1) odd.twice.push(rows);
		if (row.status !== "completed") odd.open.push(row);
		/* The model's own words, whole; or, marked basic, the composer's, perhaps behind what the model had said. */
		const exact = row.messageText === echoOf(chat.name);
		const basic = row.metadata?.mode === "basic" && row.messageText.trim().length > 20;
		const foreign = row.messageText.match(/v\d+q\d+-/g)?.some((word) => word !== `${chat.name}-`);
		const words = row.messageText.match(/v\d+q\d+-\d+/g) ?? [];
		const in_order = words.every((word, i) => word === `${chat.name}-${i}`);
		if (foreign || !in_order || (!exact && !basic)) odd.other.push([chat.phase, chat.name, outcome, row.messageText, row.metadata]);
		if ((began.get(row.id) ?? 0) !== 1) odd.turns.push([chat.phase, row.id, began.get(row.id), chat.asked, row.metadata]);
	}
	for (const [what, n] of Object.entries(modes)) note(`${n} × ${what}`);
	check(`${chats.length} questions were asked`, chats.length > VISITORS * 5, chats.length);
	check("no answer is lost", odd.lost.length === 0, odd.lost.slice(0, 3));
	check("no answer is there twice", odd.twice.length === 0, odd.twice.slice(0, 3));
	check("none is left streaming", odd.open.length === 0, odd.open.slice(0, 3));
	check("each has the model's words, or the composer's and says so", odd.other.length === 0, odd.other.slice(0, 3));
	check("for each one turn was run", odd.turns.length === 0, odd.turns.slice(0, 3));
	const live = await directus.must("GET", "/items/messages?filter[status][_eq]=streaming&fields=id");
	check("Directus has no row that streams", live.length === 0, live.length);
});

await group("refusals", async () => {
	const asked = chats.flatMap((chat) => chat.asked.map((one) => ({ ...one, phases: `${one.phase} / ${one.ended}` })));
	const refused = asked.filter(({ status }) => status !== 200);
	const counts = {};
	for (const { status, phases } of refused) counts[`${status} (${phases})`] = (counts[`${status} (${phases})`] ?? 0) + 1;
	for (const [what, n] of Object.entries(counts)) note(`${n} × ${what}`);
	check("some were refused, for Directus was away", refused.length > 0, refused.length);
	check("only Directus' absence is the visitors' matter", refused.every(({ phases }) => phases.includes("Directus")), counts);
	check("whoever is refused is told with 503 when to come again", refused.every(({ status, after }) => status === 503 && after > 0), refused.slice(0, 3));
	check("and nothing hangs", asked.every(({ ms }) => ms < 35000), percentile(asked.map(({ ms }) => ms), 1));
	const well = asked.filter(({ status, phase, ended }) => status === 200 && phase === ended && !phase.includes("Directus"));
	note(`POST to 200: ${percentile(well.map(({ ms }) => ms), 0.5)} ms (p50), ${percentile(well.map(({ ms }) => ms), 0.99)} ms (p99) while Directus is there`);
});

await group("operators see it", async () => {
	note(`breakers: ${upstreams.join(", ")}`);
	for (const service of [real, qdrant, model]) {
		const names = upstreams.filter((name) => name === service.upstream || (service === model && !["directus", "qdrant", "embeddings"].includes(name)));
		const open = seen[service.name].some((all) => names.some((name) => breaker(all, name) > 0));
		check(`a breaker is open while ${service.name} is away`, names.length > 0 && open, seen[service.name].map((all) => names.map((name) => [name, breaker(all, name)])));
	}
	check("erleah_redis_up is 0 while Redis is away", seen.Redis.every((all) => all.erleah_redis_up === 0), seen.Redis.map((all) => all.erleah_redis_up));
	const now = await Promise.all(state.urls.map(metrics));
	check("all breakers are closed at the end", now.every((all) => upstreams.every((name) => breaker(all, name) === 0)),
		now.map((all) => upstreams.map((name) => [name, breaker(all, name)])));
	check("Redis is used again", now.every((all) => all.erleah_redis_up === 1), now.map((all) => all.erleah_redis_up));
	check("nothing waits to be written", now.every((all) => all.erleah_writer_pending_rows === 0 && !all.erleah_writer_spooled_rows),
		now.map((all) => [all.erleah_writer_pending_rows, all.erleah_writer_spooled_rows]));
	check("no row was settled by somebody else", now.every((all) => !Object.keys(all).some((key) => key.startsWith("erleah_replies_settled_total") && all[key] > 0)),
		now.map((all) => Object.entries(all).filter(([key]) => key.startsWith("erleah_replies_settled"))));
	const ready = await Promise.all(state.urls.map(async (url) => (await fetch(`${url}/health/ready`)).json()));
	check("both servers are ready", ready.every(({ status, checks }) => status === "ready" && Object.values(checks).every((one) => one === "ok")), ready);
	const lost = logs().filter(({ event }) => event === "writer.lost");
	check("no final text was lost on its way", lost.length === 0, lost);
});

finish();
