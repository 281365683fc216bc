/*
 * replicas.mjs - a visitor whose requests reach now one server, now the other.
 *
 *	replicas.mjs WORK STORE		WORK/a and WORK/b have running servers (tests/support/erleah/start) with
 *					REDIS_URL=unix://WORK/redis/redis.sock; Redis is started, killed and frozen here.
 *					STORE is sqlite, or directus, which then runs in WORK/directus
 */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, existsSync } from "node:fs";
import { Directus } from "../directus/directus.mjs";
import { Site, check, finish, group, sleep, text_of } from "../server/visitor.mjs";

const [work, store] = process.argv.slice(2);
const directus = store === "directus" ? Directus.fromDirectory(`${work}/directus`) : null;
/* A Directus on a busy machine takes its time for every row. */
const PATIENCE = directus ? 4 : 1;
const env = (name) => Object.fromEntries(readFileSync(`${work}/${name}/env`, "utf8").trim().split("\n").map((line) => line.split("=")));

class Redis {
	socket = `${work}/redis/redis.sock`;
	async start() {
		this.process = spawn("redis-server", ["--port", "0", "--unixsocket", this.socket, "--save", "", "--dir", `${work}/redis`], { stdio: "ignore" });
		for (let i = 0; i < 200 && !existsSync(this.socket); i++) await sleep(25);
	}
	async kill() {
		const gone = new Promise((done) => this.process.once("exit", done));
		this.process.kill("SIGKILL");
		await gone;
		rmSync(this.socket, { force: true });
	}
	freeze() { this.process.kill("SIGSTOP"); }
	thaw() { this.process.kill("SIGCONT"); }
}

/* Rows are the server's own, or Directus'. */
class Replica extends Site {
	static async of(url) {
		const site = Object.assign(new Replica(), { url, conference: directus?.conference });
		site.conference ??= (await site.must("GET", "/items/conferences?limit=1"))[0].id;
		return site;
	}
	must(method, path, body) {
		return directus ? directus.must(method, path, body) : super.must(method, path, body);
	}
}

const redis = new Redis();
await redis.start();
process.on("exit", () => redis.process.kill("SIGKILL"));
const a = await Replica.of(env("a").ERLEAH_SERVER_URL), b = await Replica.of(env("b").ERLEAH_SERVER_URL);
const LONG = "What can I see tomorrow?";

const redis_is = async (site, state, patience_ms = 10000) => {
	for (const end = Date.now() + patience_ms; Date.now() < end; await sleep(50)) {
		const { data } = await site.call("GET", "/health/ready");
		if (data?.checks?.redis === state) return true;
	}
	return false;
};
/* How often a turn was begun for the reply, on either server. */
const turns = (id) => ["a", "b"].reduce((n, name) => n + readFileSync(`${work}/${name}/server.log`, "utf8").split("\n")
	.filter((line) => line.includes('"turn.began"') && line.includes(id)).length, 0);
const assistants = async (body) => (await a.must("GET",
	`/items/messages?filter[conversation_id][_eq]=${body.conversation_id}`)).filter(({ role }) => role === "assistant");
/* What a reader has that does as it is told: a second `accepted` voids what came before. */
const after_last_accepted = (events) => events.slice(events.findLastIndex(({ event }) => event === "accepted"));
const words = async (site, id) => {
	for (let i = 0; i < 200; i++) {
		const { data } = await site.call("GET", `/api/chat/${id}`);
		if (data?.text || data?.state === "completed") return data;
		await sleep(25);
	}
	return null;
};
/* Reads to the end, joining again wherever the stream breaks. */
const read_all = async (sites, id) => {
	const seen = [];
	for (let i = 0; i < 500 && !["done", "error"].includes(seen.at(-1)?.event); i++)
		seen.push(...await sites[i % sites.length].events(id, seen.at(-1)?.id).catch(() => []));
	return seen;
};

await group("both are up", async () => {
	check("the first server is on Redis", await redis_is(a, "ok"));
	check("the second server is on Redis", await redis_is(b, "ok"));
});

await group("begun on one, read on the other", async () => {
	const body = await a.ask(LONG), { id } = await a.post(body);
	const [here, there] = await Promise.all([a.events(id), b.events(id)]);
	check("the same events with the same numbers", here.length > 5 && JSON.stringify(here) === JSON.stringify(there), [here.slice(-3), there.slice(-3)]);
	const row = await a.completed(id);
	check("and their text is the row's", text_of(there) === row.messageText && row.status === "completed", [text_of(there), row.messageText]);
	const told = [await a.call("GET", `/api/chat/${id}`), await b.call("GET", `/api/chat/${id}`)].map(({ data }) => ({ ...data, timings: undefined }));
	check("GET /api/chat/{id} tells the same on both", JSON.stringify(told[0]) === JSON.stringify(told[1]), told);
	const late = await b.events(id, here[3].id);
	check("who comes late to the other one continues behind its number", JSON.stringify(late) === JSON.stringify(here.slice(4)), late.slice(0, 2));
});

await group("a stream cut at random bytes, from server to server", async () => {
	let exact = 0, cuts = 0;
	const odd = [], ROUNDS = 6;
	for (let round = 0; round < ROUNDS; round++) {
		const { id } = await a.post(await a.ask(LONG));
		const seen = [];
		for (let i = 0; i < 500 && seen.at(-1)?.event !== "done"; i++, cuts++)
			seen.push(...await (i % 2 ? a : b).events(id, seen.at(-1)?.id, 1 + Math.floor(Math.random() * 900)));
		const numbers = seen.map((event) => Number(event.id)), row = await a.completed(id);
		if (numbers.every((number, i) => number === i + 1) && text_of(seen) === row.messageText) exact++;
		else odd.push({ numbers, text: text_of(seen), row: row.messageText });
	}
	check(`${ROUNDS} answers are byte-equal to their rows, every event once`, exact === ROUNDS, odd);
	check("and they really were cut", cuts > 3 * ROUNDS, cuts);
});

await group("stopped on the other", async () => {
	for (const [writer, other] of [[a, b], [b, a]]) {
		const { id } = await writer.post(await writer.ask(LONG));
		await words(writer, id);
		const begun = Date.now(), { status } = await other.call("POST", `/api/chat/${id}/stop`, {});
		const events = await read_all([other], id), took = Date.now() - begun;
		const row = await writer.completed(id);
		check("is stopped", status === 200 && row.metadata?.outcome === "stopped", [status, row.metadata]);
		check("soon, the row's last write included", took < 1000 * PATIENCE, took);
		check("with the text it had", text_of(events) === row.messageText && row.messageText.length > 0, [text_of(events), row.messageText]);
	}
	const { status } = await b.call("POST", "/api/chat/00000000-0000-4000-8000-000000000000/stop", {});
	check("what does not exist is still 404", status === 404, status);
});

await group("the same message to both at once", async () => {
	const N = 25, odd = [];
	const bodies = [];
	for (let i = 0; i < N; i++) bodies.push(await a.ask("Is there Wi-Fi?"));
	for (const body of bodies) {
		const answers = await Promise.all([a, b, a, b].map((site) => site.post(body)));
		if (answers.some(({ status, id }) => status !== 200 || id !== answers[0].id)) odd.push(answers.map(({ status, text }) => [status, text]));
	}
	check(`${N} times, all four requests get the same reply`, odd.length === 0, odd);
	for (const body of bodies) {
		const rows = await assistants(body);
		if (rows.length !== 1) odd.push(rows);
		else if ((await a.completed(rows[0].id)).metadata.outcome !== "ok" || turns(rows[0].id) !== 1) odd.push(turns(rows[0].id));
	}
	check("each has one row, and one turn was run", odd.length === 0, odd);
});

await group("limits hold for both together", async () => {
	const { conversation_id } = await a.ask("Is there Wi-Fi?");
	const seen = [];
	for (let i = 0; i < 24; i++) {
		const site = i % 2 ? a : b;
		const { status, headers } = await site.post(await site.ask("Is there Wi-Fi?", conversation_id));
		seen.push(status === 429 ? `429 ${Number(headers.get("retry-after")) > 0}` : status);
	}
	check("20 questions a minute, whichever server they reach", seen.filter((status) => status === 200).length === 20 &&
		seen.slice(20).every((status) => status === "429 true"), seen);
});

/* Readers of one live answer on both servers while `trouble` happens. */
const through = async (name, trouble) => {
	const body = await a.ask(LONG), { id } = await a.post(body);
	const readers = [read_all([a], id), read_all([b], id), read_all([b, a], id)];
	await words(b, id);
	await trouble();
	const all = await Promise.all(readers), row = await a.completed(id);
	check(`${name}: the answer is whole`, row.status === "completed" && row.metadata.outcome === "ok" && row.messageText.length > 100, row);
	check(`${name}: every reader ends with the row's text`, all.every((events) => text_of(after_last_accepted(events)) === row.messageText),
		all.map((events) => text_of(after_last_accepted(events))));
	check(`${name}: the writer's own reader notices nothing`, all[0].every(({ id }, i) => Number(id) === i + 1), all[0].map(({ id }) => id));
	check(`${name}: one row, one turn`, (await assistants(body)).length === 1 && turns(id) === 1, turns(id));
	return all;
};

await group("Redis killed in mid-answer, and back, empty, in a moment", async () => {
	const all = await through("a moment", async () => {
		await redis.kill();
		await sleep(700);
		await redis.start();
	});
	check("a moment: who reads on the other server notices nothing", all.every((events) => events.every(({ id }, i) => Number(id) === i + 1)), all.map((events) => events.map(({ id }) => id)));
	check("both are on Redis again", await redis_is(a, "ok") && await redis_is(b, "ok"));
});

await group("Redis killed in mid-answer, and away for long", async () => {
	await through("away", async () => {
		await redis.kill();
		check("the servers are ready without it, and say so", await redis_is(a, "degraded") && await redis_is(b, "degraded"));
		const { status } = await a.call("GET", "/health/ready");
		check("with 200", status === 200, status);
		const body = await b.ask("Is there Wi-Fi?"), { data } = await b.post(body, "/api/chat", { prefer: "wait=10" });
		check("new questions are answered", data.message?.state === "completed" && data.message.text.length > 10, data);
		const both = await Promise.all([a, b].map((site) => site.post(body)));
		check("and still once for both servers", both.every(({ id }) => id === data.assistant_message_id), both);
		const other = await a.post(await a.ask(LONG));
		await words(a, other.id);
		const stop = await b.call("POST", `/api/chat/${other.id}/stop`, {});
		check("stopping on the other server is refused honestly", stop.status === 503, stop);
		await a.call("POST", `/api/chat/${other.id}/stop`, {});
		await sleep(4000);
	});
	await redis.start();
	check("they come back by themselves", await redis_is(a, "ok") && await redis_is(b, "ok"));
	const { id } = await a.post(await a.ask(LONG));
	const [here, there] = await Promise.all([a.events(id), b.events(id)]);
	check("and share again", JSON.stringify(here) === JSON.stringify(there), there);
});

await group("Redis killed and back under load", async () => {
	const N = directus ? 12 : 40, odd = [];
	const chats = await Promise.all(Array.from({ length: N }, async (_, i) => {
		const [writer, other] = i % 2 ? [a, b] : [b, a], body = await writer.ask(LONG), { status, id } = await writer.post(body);
		return { body, id, status, readers: [read_all([other], id), read_all([other, writer], id)] };
	}));
	await redis.kill();
	await sleep(400);
	await redis.start();
	for (const { body, id, status, readers } of chats) {
		const all = await Promise.all(readers), row = await a.completed(id, 20000 * PATIENCE);
		const rows = await assistants(body);
		if (status !== 200 || row.metadata?.outcome !== "ok" || rows.length !== 1 || turns(id) !== 1 ||
			all.some((events) => text_of(after_last_accepted(events)) !== row.messageText))
			odd.push({ status, row, rows: rows.length, turns: turns(id), texts: all.map((events) => text_of(after_last_accepted(events))) });
	}
	check(`${N} answers are whole, once each, and at both of their readers on the other server`, odd.length === 0, odd);
	check("both are on Redis again", await redis_is(a, "ok") && await redis_is(b, "ok"));
});

await group("Redis that hangs", async () => {
	await through("hanging", async () => {
		redis.freeze();
		const times = [];
		for (let i = 0; i < 6; i++) {
			const body = await b.ask("Is there Wi-Fi?"), begun = Date.now(), { status } = await b.post(body);
			times.push([status, Date.now() - begun]);
		}
		await sleep(800); /* until both have noticed */
		check("costs a question some time, once", times.every(([status, ms]) => status === 200 && ms < 1500 * PATIENCE) &&
			times.filter(([, ms]) => ms > 300 * PATIENCE).length <= 1, times);
		redis.thaw();
	});
	check("and is used again", await redis_is(a, "ok") && await redis_is(b, "ok"));
});

await group("one change, one line", async () => {
	for (const name of ["a", "b"]) {
		const log = readFileSync(`${work}/${name}/server.log`, "utf8").split("\n").filter((line) => line.includes('"redis.')).map((line) => JSON.parse(line));
		const states = log.map(({ event }) => event);
		check(`server ${name} says what became of Redis, and no more`, states.length >= 6 && states.at(-1) === "redis.up" &&
			states.every((state, i) => state !== states[i - 1]), log.map(({ time, event, cause }) => `${time} ${event} ${cause ?? ""}`));
	}
});

await group("the writer is killed", async () => {
	const { id } = await a.post(await a.ask(LONG));
	await words(b, id);
	const reading = read_all([b], id);
	process.kill(Number(env("a").ERLEAH_SERVER_PID), "SIGKILL");
	const events = await reading, row = await b.completed(id);
	check("whoever reads on the other server gets an end", events.at(-1)?.event === "done" && row.status === "completed", [events.at(-1), row]);
	check("and the row's text", text_of(after_last_accepted(events)) === row.messageText, [text_of(after_last_accepted(events)), row.messageText]);
});

finish();
